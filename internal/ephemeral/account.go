package ephemeral

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
)

// account is the user who runs the server in our place. A nil account is ourselves.
type account struct {
	uid, gid uint32
}

var errNoAccount = errors.New("ephemeral: PostgreSQL refuses to run as root, and there is no user \"postgres\" or \"nobody\" to run it: " +
	"create one (useradd --system postgres), run as another user, or set DATABASE_URL")

// unprivileged returns the account for the server: nil when we are not root.
func unprivileged() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return parseAccount(u)
		}
	}
	return nil, errNoAccount
}

func parseAccount(u *user.User) (*account, error) {
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, fmt.Errorf("ephemeral: user %s: %w", u.Username, err)
	}
	return &account{uid: uint32(uid), gid: uint32(gid)}, nil
}
