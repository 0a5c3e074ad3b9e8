// Program every makes the calls that it reads, one a line, on the generated package
// every, and writes what came of each.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/recipe/every"
	"github.com/zuora-go/zuora/typed"
)

// call is a call of Method: the response has Response, or the body is Request.
type call struct {
	Method   string
	Response json.RawMessage `json:",omitempty"`
	Request  json.RawMessage `json:",omitempty"`
}

// outcome is the result of a call, or what was sent.
type outcome struct {
	Value   json.RawMessage
	Error   string
	Failure bool // Error is a *zuora.Error
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var c call
		if err := in.Decode(&c); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			panic(err)
		}
		if err := out.Encode(c.make()); err != nil {
			panic(err)
		}
	}
}

func (c call) make() (o outcome) {
	caller := &answers{body: c.Response}
	if c.Request != nil {
		caller.body = []byte(`{"success":true}`)
	}
	method := reflect.ValueOf(every.New(caller)).MethodByName(c.Method)
	if !method.IsValid() {
		return outcome{Error: "no such method"}
	}
	args := []reflect.Value{reflect.ValueOf(context.Background())}
	for i := 1; i < method.Type().NumIn()-1; i++ { // the last are editors
		arg := reflect.New(method.Type().In(i)).Elem()
		switch t := arg.Type(); {
		case t == reflect.TypeFor[string]():
			arg.SetString("key")
		case t.Kind() == reflect.Int64:
			arg.SetInt(1)
		case t.Kind() == reflect.Interface:
			arg.Set(reflect.ValueOf(strings.NewReader("file")))
		case t.Kind() == reflect.Pointer:
			arg.Set(params(t.Elem()))
		case c.Request != nil:
			if err := typed.Unmarshal(c.Request, arg.Addr().Interface()); err != nil {
				return outcome{Error: err.Error()}
			}
		}
		args = append(args, arg)
	}
	results := method.Call(args)
	err, _ := results[len(results)-1].Interface().(error)
	if misfit := (*zuora.DecodeError)(nil); c.Request != nil && (err == nil || errors.As(err, &misfit)) {
		return outcome{Value: caller.sent} // the response was none of this call
	}
	if err != nil {
		failed := (*zuora.Error)(nil)
		return outcome{Error: err.Error(), Failure: errors.As(err, &failed)}
	}
	if len(results) == 1 {
		return outcome{}
	}
	if stream, ok := results[0].Interface().(io.Reader); ok {
		text, _ := io.ReadAll(stream)
		o.Value, _ = json.Marshal(string(text))
		return o
	}
	o.Value, err = typed.Marshal(results[0].Interface())
	if err != nil {
		o.Error = fmt.Sprintf("marshalling: %v", err)
	}
	return o
}

// params returns parameters of which those are set that must be.
func params(t reflect.Type) reflect.Value {
	p := reflect.New(t)
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("required") == "" {
			continue
		}
		switch f := p.Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Int64:
			f.SetInt(1)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		}
	}
	return p
}

// answers is a Caller that gets the same response to every call.
type answers struct{ body, sent []byte }

func (a *answers) Server() string { return zuora.ServerURLProductionUSCloud2 }

func (a *answers) Do(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		a.sent, _ = io.ReadAll(req.Body)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(a.body)), Request: req,
	}, nil
}
