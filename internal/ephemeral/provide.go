package ephemeral

import (
	"context"
	"errors"
	"fmt"
)

// provide returns a server of the version asked for that as can run: one that is on this machine, else a downloaded
// one, else one that apt installs.
func provide(ctx context.Context, opts Options, as *account) (Binaries, error) {
	major, err := opts.major()
	if err != nil {
		return Binaries{}, err
	}
	if bin, ok := find(ctx, major, as); ok {
		return bin, nil
	}
	bin, downloadErr := download(ctx, major, as, opts.logf)
	if downloadErr == nil {
		return bin, nil
	}
	aptErr := installWithApt(ctx, major, opts.logf)
	if aptErr == nil {
		if bin, ok := find(ctx, major, as); ok {
			return bin, nil
		}
		aptErr = errors.New("apt-get installed no server of a supported version")
	}
	return Binaries{}, fmt.Errorf("ephemeral: no PostgreSQL %s on this machine: install it, or set DATABASE_URL to a server: %w",
		describe(major), errors.Join(downloadErr, aptErr))
}

func describe(major int) string {
	if major == 0 {
		return fmt.Sprintf("%d to %d", oldestMajor, newestMajor)
	}
	return fmt.Sprint(major)
}
