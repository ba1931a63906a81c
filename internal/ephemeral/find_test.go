package ephemeral

import "testing"

func TestParseVersion(t *testing.T) {
	for banner, want := range map[string]struct {
		version string
		major   int
	}{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": {"15.18", 15},
		"postgres (PostgreSQL) 18.3\n":                           {"18.3", 18},
		"postgres (PostgreSQL) 18beta1\n":                        {"18beta1", 18},
	} {
		version, major, err := parseVersion(banner)
		if err != nil || version != want.version || major != want.major {
			t.Errorf("%q: version %q, major %d, %v", banner, version, major, err)
		}
	}
	for _, banner := range []string{
		"",
		"postgres (PostgreSQL) 14.18\n",
		"postgres (PostgreSQL) 9.6.24\n",
		"postgres (PostgreSQL) 99999999999999999999\n",
		"psql (PostgreSQL) 15.18\n",
	} {
		if version, _, err := parseVersion(banner); err == nil {
			t.Errorf("%q: accepted as %q", banner, version)
		}
	}
}
