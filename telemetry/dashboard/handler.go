package dashboard

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed assets
var assets embed.FS

// Handler serves the page and what it needs, by relative names: under a prefix that ends with a slash, with http.StripPrefix.
func (d *Dashboard) Handler() http.Handler {
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err) // the name is a constant
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /data", d.serveData)
	if len(d.config.Controls) > 0 {
		mux.Handle("POST /control", http.NewCrossOriginProtection().Handler(http.HandlerFunc(d.serveControl)))
	}
	if d.config.Profiles {
		handleProfiles(mux)
	}
	return guard(d.config.Hosts, mux)
}
