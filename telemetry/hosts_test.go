package telemetry_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/groupcommit/groupcommit/telemetry"
)

// With Hosts, only who asks for one of them, for localhost or for an address is answered; without, everybody is.
func TestHosts(t *testing.T) {
	open, guarded := look(t, &fake{}, telemetry.Config{}), look(t, &fake{}, telemetry.Config{Hosts: []string{"orders.prod.svc"}})
	for _, path := range []string{"/metrics", "/health", "/ready"} {
		for host, want := range map[string]int{
			"orders.prod.svc:9090": http.StatusOK, "10.0.0.7:9090": http.StatusOK, "localhost": http.StatusOK, "evil.com": http.StatusMisdirectedRequest,
		} {
			request := httptest.NewRequest("GET", "http://"+host+path, nil)
			refused, answered := httptest.NewRecorder(), httptest.NewRecorder()
			guarded.Handler().ServeHTTP(refused, request)
			open.Handler().ServeHTTP(answered, request)
			if refused.Code != want || answered.Code != http.StatusOK {
				t.Errorf("%s%s: %d with Hosts, want %d; %d without", host, path, refused.Code, want, answered.Code)
			}
		}
	}
}
