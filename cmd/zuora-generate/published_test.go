package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// zuoras has what is odd about Zuora's document.
const zuoras = `
openapi: 3.0.0
info: {title: "API Reference: Billing", version: "1"}
servers: [{url: "https://rest.zuora.com"}]
paths:
  /v1/connections:
    post: {operationId: POST_Connections, tags: [Connections], responses: {"200": {description: ""}}}
  /v1/books:
    get:
      operationId: GET_AllBooks
      tags: [Books]
      summary: List all books
      parameters:
        - {$ref: "#/components/parameters/Auth"}
        - {name: zuora-version, in: header, schema: {type: string}}
        - {name: If-Match, in: header, schema: {type: string}}
        - {name: status, in: query, schema: {type: string, enum: [In, Out]}}
        - {name: pageSize, in: query, schema: {type: integer, default: 20}}
      responses:
        "200":
          description: ""
          content:
            application/json: {examples: {response: {value: {books: [{id: a, odd: {deep: 1}, count: "1.5"}], success: true}}}}
            application/json; charset=utf-8: {schema: {$ref: "#/components/schemas/GETBooksType"}}
        "401": {description: "", content: {application/json: {schema: {type: string}}}}
    post:
      operationId: POST_Book
      tags: [Books]
      summary: Create a book
      requestBody: {$ref: "#/components/requestBodies/Book"}
      responses:
        "200": {description: "", content: {application/json; charset=utf-8: {schema: {type: object, properties: {id: {type: string, format: uuid}}}}}}
        "202": {description: "", content: {application/json; charset=utf-8: {schema: {type: object, properties: {jobId: {type: string}}}}}}
  /v1/books/{body}:
    delete:
      operationId: DELETE_Delete_Old_Book
      tags: [Books]
      parameters: [{name: body, in: path, required: true, schema: {type: string, enum: [a, b]}}]
      responses: {"204": {description: ""}}
    patch:
      operationId: Patch_Book
      tags: [Books]
      parameters: [{name: body, in: path, required: true, schema: {type: string}}]
      requestBody: {content: {application/merge-patch+json: {schema: {type: object, properties: {fields: {type: object}}}}}}
      responses: {"200": {description: "", content: {application/json: {schema: {type: object}}}}}
  /v1/action/query:
    post:
      operationId: Action_POSTquery
      tags: [Actions]
      summary: Query
      requestBody: {content: {application/json: {schema: {type: object, properties: {queryString: {type: string}}}}}}
      responses: {"200": {description: "", content: {application/json: {schema: {type: array, items: {type: object, properties: {a: {type: number}}}}}}}}
  /v1/files/{id}:
    get:
      operationId: GET_Files
      tags: [Files]
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: The file.}}
  /v1/bulk:
    post:
      operationId: POST_Bulk
      tags: [Files]
      requestBody:
        content:
          multipart/form-data: {schema: {type: object, properties: {file: {type: string, format: binary}, kind: {type: string}, Name: {type: string}}}}
      responses: {"200": {description: "", content: {application/json: {schema: {$ref: "#/components/schemas/GETBooksType"}}}}}
  /v1/rows:
    post:
      operationId: POST_Rows
      tags: [Files]
      requestBody: {content: {text/csv: {schema: {type: string}}}}
      responses: {"200": {description: "", content: {application/json: {schema: {$ref: "#/components/schemas/GETBooksType"}}}}}
  /v1/two:
    post:
      operationId: POST_Two
      tags: [Files]
      requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {a: {type: string, format: binary}, b: {type: string, format: binary}}}}}}
      responses: {"200": {description: ""}}
components:
  parameters:
    Auth: {name: Authorization, in: header, required: true, schema: {type: string}}
  requestBodies:
    Book: {content: {application/json; charset=utf-8: {schema: {$ref: "#/components/schemas/POSTBookType"}}}}
  schemas:
    GETBooksType:
      type: object
      properties:
        books: {type: array, items: {$ref: "#/components/schemas/GETBookType"}}
        nextPage: {type: string, format: URL}
        success: {type: boolean}
    GETBookType:
      allOf:
        - type: object
          additionalProperties: false
          properties:
            id: {type: string, nullable: true}
            price: {type: number, format: BigDecimal}
            odd: {type: string}
            count: {type: integer}
            parts: {type: string, format: URL, description: A URL to the parts.}
            cover: {type: object, description: Container for the cover., properties: {made: {type: string, format: datetime}}}
            kind: {type: string, enum: [Hard, Soft]}
            flag: {type: boolean, enum: [true]}
            prequel: {$ref: "#/components/schemas/GETBookType"}
            loan: {oneOf: [{$ref: "#/components/schemas/Lent"}, {type: object, properties: {until: {type: string, format: date}, to: {type: number}}}]}
            either: {oneOf: [{type: string}, {type: object, properties: {a: {type: string}}}]}
            free: {type: object}
            prices: {type: object, additionalProperties: {type: number, format: double}}
            Id: {type: string}
        - {$ref: "#/components/schemas/NSFields"}
    Lent: {type: object, properties: {to: {type: string}}}
    NSFields: {type: object, description: Container for NetSuite., properties: {IntegrationId__NS: {type: string}}}
    POSTBookType:
      type: object
      required: [title]
      example: {title: A, quoted: "12.50", bare: 12.5}
      properties:
        title: {type: string}
        quoted: {type: string, format: decimal}
        bare: {type: string, format: decimal}
        lent: {type: boolean}
        parts: {type: array, items: {$ref: "#/components/schemas/Part"}}
    Part: {type: object, properties: {text: {type: string}}}
`

// zuorasPackage runs the command on spec, which is zuoras changed, and returns what
// it has written and said.
func zuorasPackage(t *testing.T, spec string, o options) (code, said string, err error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "zuora.com.json")
	if err := os.WriteFile(file, []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o.spec, o.stdout, o.stderr = file, &out, &out
	if o.out == "" {
		o.out = dir + string(filepath.Separator)
	}
	o.name = "library"
	if err := run(o, nil); err != nil {
		return "", out.String(), err
	}
	text, err := os.ReadFile(filepath.Join(o.out, "library.gen.go"))
	return strings.Join(strings.Fields(string(text)), " "), out.String(), err
}

func TestZuorasDocumentMakesAPackageLikeOurs(t *testing.T) {
	code, _, err := zuorasPackage(t, zuoras, options{tags: "all"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"// GetAllBooks lists all books. // // It calls GET /v1/books.",
		"GetAllBooks(ctx context.Context, params *GetAllBooksParams, editors ...zuora.RequestEditorFn) (*GetBooks, error)",
		"AllBooks(ctx context.Context, params *GetAllBooksParams, editors ...zuora.RequestEditorFn) iter.Seq2[*GetBook, error]",
		"// One of In, Out. Status string `form:\"status", "IfMatch string `header:\"If-Match\"",
		"PostBook(ctx context.Context, body PostBook, editors ...zuora.RequestEditorFn) (*PostBookResult, error)",
		"DeleteOldBook(ctx context.Context, bodyKey string, editors ...zuora.RequestEditorFn) error",
		"PatchBook(ctx context.Context, bodyKey string, body PatchBookBody, editors ...zuora.RequestEditorFn) (PatchBookResult, error)",
		`ContentType: "application/merge-patch+json"`,
		"ActionQuery(ctx context.Context, body ActionQueryBody, editors ...zuora.RequestEditorFn) (ActionQueryResult, error)",
		"GetFiles(ctx context.Context, id string, params *GetFilesParams, editors ...zuora.RequestEditorFn) (io.ReadCloser, error)",
		"// The other fields of its form are Name, kind. func (a *API) PostBulk(ctx context.Context, name string, file io.Reader, fields map[string]string,",
		`typed.Upload{Field: "file", Name: name, File: file, Fields: fields}`,
		`PostRows(ctx context.Context, file io.Reader,`, `typed.Upload{ContentType: "text/csv", File: file}`,
		"type ActionQueryResult = []ActionQueryResultItem", "type PatchBookResult = zuora.Value",
		"ID string `json:\"Id,omitempty", "Price zuora.Decimal", "Odd zuora.Value `json:\"odd", "Count string `json:\"count",
		"Parts []Part `json:\"parts", "Cover GetBookCover `json:\"cover", "Made zuora.DateTime",
		"// GetBookCover is the container for the cover.", "// GetBook is a part of Zuora's document.",
		`GetBookKindHard GetBookKind = "Hard"`, "Flag bool `json:\"flag", "Prequel *GetBook `json:\"prequel",
		"Loan GetBookLoan `json:\"loan", "To string `json:\"to,omitempty,omitzero\"`", "Until zuora.Date", "Either zuora.Value", "Free zuora.Value",
		"Prices map[string]zuora.Decimal", "IntegrationIDNS string `json:\"IntegrationId__NS", "IDField string `json:\"id",
		"Quoted string", "Bare zuora.Decimal", "Lent *bool `json:\"lent", "// Required. Title string",
	} {
		if !strings.Contains(code, want) {
			t.Errorf("missing: %s", want)
		}
	}
	for _, unwanted := range []string{"float", "interface{}", "Authorization", "ersion string", "PostConnections", "PostTwo", "POST_", "GETBook"} {
		if strings.Contains(code, unwanted) {
			t.Errorf("there is %q", unwanted)
		}
	}
	if t.Failed() {
		t.Log(code)
	}
}

func TestOnlyWhatIsNamedIsGenerated(t *testing.T) {
	for want, o := range map[string]options{
		"PostBook GetAllBooks DeleteOldBook PatchBook": {tags: "books"},
		"PostBook GetFiles PostBulk PostRows":          {tags: " Files ", operations: "POST_Book,"},
	} {
		code, _, err := zuorasPackage(t, zuoras, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, method := range strings.Fields(want) {
			if !strings.Contains(code, "func (a *API) "+method+"(") {
				t.Errorf("%s lacks %s", o.tags, method)
			}
		}
		if n := strings.Count(code, "editors)"); strings.Contains(code, "ActionQuery") || n > len(strings.Fields(want))+1 {
			t.Errorf("%s: %d calls\n%s", o.tags, n, code)
		}
	}
}

func TestTagsAreListed(t *testing.T) {
	_, said, err := zuorasPackage(t, zuoras, options{out: t.TempDir()})
	if err == nil || !os.IsNotExist(err) { // there is no package
		t.Fatal(err)
	}
	if plain := strings.Join(strings.Fields(said), " "); !strings.Contains(plain, "Actions Action_POSTquery POST /v1/action/query Books GET_AllBooks GET /v1/books POST_Book POST /v1/books") ||
		!strings.Contains(plain, "-tags") {
		t.Error(said)
	}
}

func TestWhatIsLeftOutIsNamed(t *testing.T) {
	_, said, err := zuorasPackage(t, zuoras, options{tags: "all"})
	if err != nil {
		t.Fatal(err)
	}
	want := "zuora-generate: POST /v1/connections is left out: a session logs in by itself\n" +
		"zuora-generate: POST /v1/two is left out: its form has 2 files instead of one\n"
	if said != want {
		t.Error(said)
	}
	if _, _, err := zuorasPackage(t, zuoras, options{tags: "Connections"}); err == nil || !strings.Contains(err.Error(), "no operation is left") {
		t.Error(err)
	}
}

func TestDocumentsAndNamesThatAreWrong(t *testing.T) {
	for _, test := range []struct{ old, new, tags, operations, want string }{
		{"", "", "Bocks", "", `there is no tag "Bocks"; the nearest names are "Books",`},
		{"", "", "ile", "", `there is no tag "ile"; the nearest names are "Files",`},
		{"", "", "", "GET_Book", `there is no operation "GET_Book"; the nearest names are "POST_Book",`},
		{"https://rest.zuora.com", "https://petstore.example", "Books", "", `is not Zuora's document: it has the title "API Reference: Billing", and no server at zuora.com`},
		{"https://rest.zuora.com", "https://notzuora.com", "Books", "", "is not Zuora's document"},
		{"openapi: 3.0.0", `swagger: "2.0"`, "Books", "", "is not an OpenAPI 3 document"},
		{zuoras, "PK\x03\x04", "Books", "", "zuora.com.json"},
		{zuoras, "", "Books", "", "is not an OpenAPI 3 document"},
	} {
		_, _, err := zuorasPackage(t, strings.Replace(zuoras, test.old, test.new, 1), options{tags: test.tags, operations: test.operations})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}

func TestWhatOthersHaveWrittenStays(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "library.gen.go")
	if err := os.WriteFile(file, []byte("package library // by hand\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := zuorasPackage(t, zuoras, options{tags: "Books", out: dir})
	if err == nil || !strings.Contains(err.Error(), "library.gen.go is not overwritten") {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(file); string(text) != "package library // by hand\n" {
		t.Fatalf("%s", text)
	}
	for range 2 { // what it has written itself is
		if err := os.WriteFile(file, []byte(header+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, err := zuorasPackage(t, zuoras, options{tags: "Books", out: dir}); err != nil || !strings.Contains(code, "PostBook") {
			t.Fatal(err)
		}
	}
}

func TestNames(t *testing.T) {
	for id, want := range map[string]string{
		"GET_Account": "GetAccount", "Object_GETAccount": "ObjectGetAccount", "Action_POSTquery": "ActionQuery", "Action_POSTqueryMore": "ActionQueryMore",
		"DELETE_Delete_Email_Template": "DeleteEmailTemplate", "GET_EmailHistory": "GetEmailHistory", "PUT_CancelPayment": "CancelPayment",
		"GET_RetrieveAllPayments": "RetrieveAllPayments", "Get_HostedPages": "GetHostedPages", "PATCH_UpdateWorkflow": "UpdateWorkflow",
		"PUT_PostCreditMemo": "PutPostCreditMemo", "createToken": "CreateToken", "getAccount": "GetAccount", "PUT_Refund": "PutRefund", "GET_Get": "GetGet",
	} {
		if got := methodNames(id)[0]; got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	for name, want := range map[string]string{
		"GETAccountType": "GetAccount", "POSTRSASignatureResponseType": "PostRSASignatureResponse", "tokenResponse": "TokenResponse", "3DS": "N3DS", "Type": "Type",
	} {
		if got := (names{}).take(typeNames(name)...); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	taken := names{}
	if a, b, c := taken.take("A"), taken.take("a", "aType"), taken.take("A", "Atype"); a != "A" || b != "aType" || c != "Atype2" {
		t.Error(a, b, c)
	}
}

func TestSentences(t *testing.T) {
	for summary, want := range map[string]string{
		"CRUD: Retrieve an account": "Retrieves an account", "Query": "Queries", "List orders\n": "Lists orders", "Multi-entity: Deny access": "Denies access",
		"": "", "Unpost a memo": "Unposts a memo", "Attach a file": "Attaches a file",
	} {
		if got := thirdPerson(summary); got != want {
			t.Errorf("%q is %q, want %q", summary, got, want)
		}
	}
	text := "One **bold** <b>word</b>, [a link](https://x.example).\n\n| a | b |\n|---|---|\n\n## Limits\n\n* first\n* `x__c`, __last__\n\n```\n{}\n```\n\n" + strings.Repeat("long ", 130)
	if got := plainText(text); got != "One bold word, a link.\n\nLimits\n\n- first\n\n- `x__c`, last" {
		t.Errorf("%q", got)
	}
}
