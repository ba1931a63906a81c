package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// record runs the command and writes into a file what it prints, behind the facts of the run.
func record(ctx context.Context, path string, command []string) (err error) {
	f := facts{
		{"Command", shellLine(command)},
		{"Date", time.Now().UTC().Format("2 January 2006, 15:04 UTC")},
		{"Revision", output(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12")},
	}
	environment, err := environment(ctx)
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := append(f, environment...).write(file); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // go test ends what it has started
	cmd.Stdout, cmd.Stderr = io.MultiWriter(file, os.Stderr), os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w; what it printed is in %s", command[0], err, path)
	}
	return nil
}

var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// shellLine is the command as one would type it.
func shellLine(command []string) string {
	words := make([]string, len(command))
	for i, word := range command {
		if !plainWord.MatchString(word) {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		words[i] = word
	}
	return strings.Join(words, " ")
}

// output is what a program prints, or nothing.
func output(ctx context.Context, name string, args ...string) string {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
