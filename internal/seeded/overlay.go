package seeded

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Overlay writes the files that the bug changes into dir, and beside them what -overlay of the go command takes. It returns the path of
// that. root is where the module is.
func (b *Bug) Overlay(root, dir string) (string, error) {
	replace := make(map[string]string) // a file of the module by the one in its place
	for _, edit := range b.Edits {
		original := filepath.Join(root, edit.File)
		changed, again := replace[original]
		if !again {
			changed = filepath.Join(dir, fmt.Sprintf("%d-%s", len(replace), filepath.Base(edit.File)))
			replace[original] = changed
		}
		source := original
		if again {
			source = changed
		}
		text, err := os.ReadFile(source)
		if err != nil {
			return "", err
		}
		if n := strings.Count(string(text), edit.Old); n != 1 {
			return "", fmt.Errorf("bug %s: its place is there %d times in %s, once is right: the code has changed\n%s", b.Name, n, edit.File, edit.Old)
		}
		if err := os.WriteFile(changed, []byte(strings.Replace(string(text), edit.Old, edit.New, 1)), 0o600); err != nil {
			return "", err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, overlay, 0o600)
}
