package main

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// readComments returns what the benchmarks in a directory say of themselves, as Markdown, by name.
func readComments(dir string) (map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	comments := make(map[string]string)
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, declaration := range file.Decls {
			f, is := declaration.(*ast.FuncDecl)
			if !is {
				continue
			}
			if name, is := strings.CutPrefix(f.Name.Name, "Benchmark"); is {
				comments[name] = commentMarkdown(f.Doc.Text())
			}
		}
	}
	return comments, nil
}

func commentMarkdown(text string) string {
	var p comment.Parser
	var printer comment.Printer
	return strings.TrimSpace(string(printer.Markdown(p.Parse(text))))
}
