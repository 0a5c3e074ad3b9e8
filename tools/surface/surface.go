package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// surface returns a line for each thing that the module in dir exports, sorted.
// It reads what the compiler has noted for importers, and so has no opinion of
// its own.
func surface(dir string) ([]string, error) {
	packages, export, err := list(dir)
	if err != nil {
		return nil, err
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(export[path])
	})
	var lines []string
	for _, path := range packages {
		p, err := imports.Import(path)
		if err != nil {
			return nil, err
		}
		lines = append(lines, exported(p)...)
	}
	slices.Sort(lines)
	return slices.Compact(lines), nil
}

// list returns the import paths of the packages that others may import, and the
// file of export data of each of those and of all that they need.
func list(dir string) (packages []string, export map[string]string, err error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Name}} {{.DepOnly}} {{.Export}}", "./...")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("go list in %s: %w\n%s", dir, err, stderr.Bytes())
	}
	export = map[string]string{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		path, name, depOnly := f[0], f[1], f[2] == "true"
		if len(f) == 4 {
			export[path] = f[3]
		}
		if !depOnly && name != "main" && !slices.Contains(strings.Split(path, "/"), "internal") {
			packages = append(packages, path)
		}
	}
	if packages == nil {
		return nil, nil, errors.New("no package to import in " + dir)
	}
	return packages, export, nil
}

// exported returns the lines of a package.
func exported(p *types.Package) []string {
	w := writer{pkg: p}
	for _, name := range p.Scope().Names() {
		switch o := p.Scope().Lookup(name).(type) {
		case *types.Const:
			w.add(o, "const %s %s = %s", name, w.text(o.Type()), o.Val().ExactString())
		case *types.Var:
			w.add(o, "var %s %s", name, w.text(o.Type()))
		case *types.Func:
			w.add(o, "func %s%s", name, w.signature(o))
		case *types.TypeName:
			if o.Exported() {
				w.typeName(o)
			}
		}
	}
	return w.lines
}

type writer struct {
	pkg   *types.Package
	lines []string
}

// add adds a line about o, if o is exported.
func (w *writer) add(o types.Object, format string, args ...any) {
	if o.Exported() {
		w.lines = append(w.lines, fmt.Sprintf("pkg %s, %s", w.pkg.Name(), fmt.Sprintf(format, args...)))
	}
}

func (w *writer) text(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == w.pkg {
			return ""
		}
		return p.Name()
	})
}

func (w *writer) signature(o types.Object) string {
	return strings.TrimPrefix(w.text(o.Type()), "func")
}

func (w *writer) typeName(o *types.TypeName) {
	if o.IsAlias() {
		w.add(o, "type %s = %s", o.Name(), w.text(types.Unalias(o.Type())))
		return
	}
	switch u := o.Type().Underlying().(type) {
	case *types.Struct:
		w.add(o, "type %s struct", w.text(o.Type()))
		w.fields(o.Name(), u)
		w.methods(o, u)
	case *types.Interface:
		if !u.IsMethodSet() { // a constraint
			w.add(o, "type %s %s", w.text(o.Type()), w.text(u))
			return
		}
		w.add(o, "type %s interface", w.text(o.Type()))
		for m := range u.Methods() {
			w.add(m, "type %s interface, %s%s", o.Name(), m.Name(), w.signature(m))
			if !m.Exported() {
				w.add(o, "type %s interface, unexported methods", o.Name())
			}
		}
	default:
		w.add(o, "type %s %s", w.text(o.Type()), w.text(u))
		w.methods(o, nil)
	}
}

// fields adds the fields of s, and those that s has of embedded structs that
// are not exported themselves.
func (w *writer) fields(of string, s *types.Struct) {
	for i := range s.NumFields() {
		f, what, tag := s.Field(i), s.Field(i).Name(), s.Tag(i)
		if f.Embedded() {
			what = "embedded"
		}
		if tag != "" {
			tag = " `" + tag + "`"
		}
		w.add(f, "type %s struct, %s %s%s", of, what, w.text(f.Type()), tag)
		if inner := pointed(f.Type()); f.Embedded() && !f.Exported() && inner != nil {
			w.fields(of, inner)
		}
	}
}

// pointed is the struct that t is, or points to.
func pointed(t types.Type) *types.Struct {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, _ := t.Underlying().(*types.Struct)
	return s
}

// methods adds the methods of o, but for those that it has of exported fields
// that s embeds: they stand with the types of those.
func (w *writer) methods(o *types.TypeName, s *types.Struct) {
	ofValue := types.NewMethodSet(o.Type())
	for m := range types.NewMethodSet(types.NewPointer(o.Type())).Methods() {
		if len(m.Index()) > 1 && s.Field(m.Index()[0]).Exported() {
			continue
		}
		star := "*"
		if ofValue.Lookup(w.pkg, m.Obj().Name()) != nil {
			star = ""
		}
		w.add(m.Obj(), "method (%s%s) %s%s", star, o.Name(), m.Obj().Name(), w.signature(m.Obj()))
	}
}
