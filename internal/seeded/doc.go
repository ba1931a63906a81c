// Package seeded proves that the tests bite: it puts a bug into the product, one at a time and on the side (go test -overlay), runs the test that is to
// catch it, and demands that it fails. The bugs are those that stores like this one have had, or that would break what GUARANTEES.md
// promises. There is nothing in it but tests.
package seeded
