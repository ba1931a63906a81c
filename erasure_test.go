package groupcommit_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"log"

	"github.com/groupcommit/groupcommit"
)

// vault keeps a key for each person. A real one is a table of its own, or a key service.
type vault map[string][]byte

// seal encrypts what an event says of a person, so that only who has the person's key can read it, and only in this stream.
func (v vault) seal(person, stream string, data []byte) []byte {
	if v[person] == nil {
		v[person] = make([]byte, 32)
		_, _ = rand.Read(v[person]) // it never fails
	}
	return must(cipher.NewGCMWithRandomNonce(must(aes.NewCipher(v[person])))).Seal(nil, nil, data, []byte(stream))
}

// open decrypts, as long as the key is there.
func (v vault) open(person, stream string, data []byte) (string, bool) {
	key, found := v[person]
	if !found {
		return "", false
	}
	clear, err := must(cipher.NewGCMWithRandomNonce(must(aes.NewCipher(key)))).Open(nil, nil, data, []byte(stream))
	return string(clear), err == nil
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// A person is forgotten by forgetting the key: the log, its replicas and its backups stay as they are, and tell nothing any more.
func Example_erasure() {
	ctx := context.Background()
	store := must(groupcommit.OpenInMemory(groupcommit.Config{DataType: groupcommit.DataBytea}))
	defer store.Close(ctx)
	keys := vault{}

	const person, stream = "4711", "person-4711"
	must(store.Append(ctx, groupcommit.To(stream, groupcommit.NoStream, groupcommit.Event{
		Type: "AddressChanged", Data: keys.seal(person, stream, []byte("12 Harbour Street")),
	})))
	show := func() {
		for event, err := range store.ReadStream(ctx, stream) {
			if err != nil {
				log.Fatal(err)
			}
			address, readable := keys.open(person, stream, event.Data)
			fmt.Printf("%s: %q, readable: %t\n", event.Type, address, readable)
		}
	}
	show()
	delete(keys, person)
	show()
	// Output:
	// AddressChanged: "12 Harbour Street", readable: true
	// AddressChanged: "", readable: false
}
