package hosts

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestOnly(t *testing.T) {
	served := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for host, want := range map[string]int{
		"127.0.0.1:8080":       http.StatusNoContent,
		"10.1.2.3":             http.StatusNoContent,
		"[::1]:8080":           http.StatusNoContent,
		"[::1]":                http.StatusNoContent,
		"localhost:8080":       http.StatusNoContent,
		"LOCALHOST":            http.StatusNoContent,
		"ops.example.com":      http.StatusNoContent,
		"ops.example.com:8443": http.StatusNoContent,
		"evil.example.com":     http.StatusMisdirectedRequest,
		"127.0.0.1.nip.io":     http.StatusMisdirectedRequest,
		"localhost.evil.com":   http.StatusMisdirectedRequest,
		"":                     http.StatusMisdirectedRequest,
	} {
		request := httptest.NewRequest("GET", "/", nil)
		request.Host = host
		response := httptest.NewRecorder()
		Only([]string{"ops.example.com"}, served).ServeHTTP(response, request)
		if response.Code != want {
			t.Errorf("%q: %d, want %d", host, response.Code, want)
		}
	}
}
