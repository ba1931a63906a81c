// Package pipeline takes commands in and answers them: admission, futures and the life of the two parts between, which only it
// knows both of.
//
//	Submit -> check, encode, reserve room -> batcher -> committer -> Future
//
// Checking and encoding happen in the caller's goroutine, so that a bad command never reaches anybody else's batch and the
// single goroutine behind the batcher has little to do per command.
package pipeline
