// Package verify proves that a log is sound, or says where it is not. It owns the rules; it does not know where a log is kept: whoever
// keeps one leads it past a Walk.
//
// A sound log is:
//
//   - a chain: one oldest commit, and every other one begins where its parent ends, no two at the same place, each later than the one before;
//   - whole: an event at each position from 1 to the end of the chain, no two at the same position, each in exactly one commit and with its time;
//   - in order: the versions of each stream are 1, 2, 3, ... as positions grow;
//   - true to its commands: whatever is kept of a command with an ID names positions within one commit that no other command has, its
//     time, and the versions that its events have.
//
// Where the oldest commits were pruned the chain begins later. For the events before it there is no commit to compare with; the rest holds. A
// log that ends too early, with a whole commit, is sound.
package verify
