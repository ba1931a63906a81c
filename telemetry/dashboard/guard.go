package dashboard

import (
	"net/http"

	"github.com/groupcommit/groupcommit/telemetry/internal/hosts"
)

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// guard tells browsers to be strict, and refuses requests that were meant for somebody else.
func guard(names []string, next http.Handler) http.Handler {
	ours := hosts.Only(names, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		ours.ServeHTTP(w, r)
	})
}
