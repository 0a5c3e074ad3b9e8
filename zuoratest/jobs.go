package zuoratest

import (
	"cmp"
	"encoding/csv"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The paths at which the jobs are read.
const (
	asyncJob   = "/v1/async-jobs/{key}"
	usageFile  = "/v1/usage/{key}/status"
	export     = "/v1/object/export/{key}"
	dataQuery  = "/query/jobs/{key}"
	previewRun = "/v1/billing-preview-runs/{key}"
	billRun    = "/v1/object/bill-run/{key}"
)

// job is pending when it is read for the first time, and done after that.
type job struct {
	path          string
	pending, done record
	looked        bool
	invoices      []record // of a bill run
}

// start starts a job. Both of its states have the members of in.
func (c *call) start(path, id string, in, pending, done record) *job {
	j := &job{path: path, pending: in.without(""), done: in.without("")}
	maps.Copy(j.pending, pending)
	maps.Copy(j.done, done)
	c.jobs[id] = j
	c.undo = append(c.undo, func() { delete(c.jobs, id) })
	return j
}

// job returns the job that the path names.
func (c *call) job(path string) *job {
	id := c.r.PathValue("key")
	if j := c.jobs[id]; j != nil && j.path == path {
		return j
	}
	c.fail(failure{0, "40", "INVALID_ID", "Cannot find the job " + strconv.Quote(id)})
	return &job{pending: record{}, done: record{}}
}

func (j *job) look() record {
	if !j.looked {
		j.looked = true
		return j.pending
	}
	return j.done
}

func ok(pairs ...any) record { return record{}.set("success", true).set(pairs...) }

// handleJobs registers the calls for jobs and for the files that they produce.
func (s *state) handleJobs() {
	for _, path := range []string{asyncJob, usageFile, export, previewRun, billRun} {
		s.handle("GET "+path, func(c *call) any { return c.job(path).look() })
	}
	s.handle("POST /v1/async/orders", func(c *call) any {
		done := ok("status", "Completed")
		if result, err := c.try(c.in, createOrder); err != nil {
			done.set("status", "Failed", "errors", err.Error())
		} else {
			done.set("result", result)
		}
		id := c.newID()
		c.start(asyncJob, id, nil, ok("status", "Processing"), done)
		return Answer(http.StatusAccepted, jsonType, string(raw(ok("jobId", id))))
	})
	s.handle("POST /v1/usage", func(c *call) any {
		file, header, err := c.r.FormFile("file")
		if err != nil {
			c.missing("file")
			return nil
		}
		done := ok("importStatus", "Completed", "message", "")
		rows, err := csv.NewReader(file).ReadAll()
		if err == nil {
			_, err = c.try(nil, func(c *call) any { c.importUsage(rows); return nil })
		}
		if err != nil {
			done.set("importStatus", "Failed", "message", err.Error())
		}
		id := c.newID()
		c.start(usageFile, id, nil, ok("importStatus", "Pending", "message", ""), done)
		return ok("checkImportStatus", strings.Replace(usageFile, "{key}", id, 1), "size", header.Size)
	})
	s.handle("POST /v1/object/export", func(c *call) any {
		c.refuse(c.in, "Zip Encrypted ConvertToCurrencies")
		if c.in.text("Query") == "" {
			c.missing("Query")
		}
		if format := c.in.text("Format"); format != "csv" {
			c.cannot("export in the Format %q", format)
		}
		id, done := c.newID(), record{}.set("Status", "Completed")
		if file, _, err := c.queryFile(c.in.text("Query"), "CSV"); err != nil {
			done.set("Status", "Failed", "StatusReason", err.Error())
		} else {
			done.set("FileId", c.keep(c.newID(), file), "Size", len(file))
		}
		c.start(export, id, c.in.without("").set("Id", id, "CreatedDate", time.Now().Format(crudTime)), record{}.set("Status", "Pending"), done)
		return record{}.set("Success", true, "Id", id)
	})
	s.handle("GET /v1/files/{key}", func(c *call) any {
		file, found := c.files[c.r.PathValue("key")]
		if !found {
			c.fail(failure{0, "40", "", "Cannot find the file"})
		}
		return Answer(http.StatusOK, "application/octet-stream", file)
	})
	s.handle("GET "+dataQuery, func(c *call) any { return record{}.set("data", c.job(dataQuery).look()) })
	s.handle("POST /query/jobs", func(c *call) any {
		format := c.in.text("outputFormat")
		c.refuse(c.in, "readDeleted useIndexJoin encryptionKey columnSeparator")
		if format != "JSON" && format != "CSV" || c.in.text("compression") != "NONE" {
			c.cannot("write the outputFormat %q with the compression %q", format, c.in.text("compression"))
		}
		id, done := c.newID(), record{}.set("queryStatus", "completed", "processingTime", 1)
		if file, rows, err := c.queryFile(c.in.text("query"), format); err != nil {
			done.set("queryStatus", "failed", "errorMessage", err.Error())
		} else {
			done.set("outputRows", rows, "dataFile", "https://"+c.r.Host+dataFiles+c.keep(random(16), file)) // a client that knows the name can read the file
		}
		in := c.in.pick("query sourceData").set("id", id, "updatedOn", time.Now().Format(time.RFC3339), "remainingRetries", 3)
		j := c.start(dataQuery, id, in, record{}.set("queryStatus", "in_progress"), done)
		return record{}.set("data", j.pending.without("").set("queryStatus", "submitted"))
	})
	s.handle("POST /v1/billing-preview-runs", func(c *call) any {
		c.date(c.in, "targetDate")
		id, n := c.newID(), len(c.tables["account"].records)
		c.start(previewRun, id, c.in.without("").set("success", true, "runNumber", "BPR-"+id[24:]), record{}.set("status", "Pending"),
			record{}.set("status", "Completed", "totalAccounts", n, "succeededAccounts", n, "resultFileUrl", "/v1/files/"+c.keep(c.newID(), "")))
		return ok("billingPreviewRunId", id)
	})
	s.handle("POST /v1/object/bill-run", func(c *call) any {
		c.date(c.in, "TargetDate")
		c.date(c.in, "InvoiceDate")
		accounts := slices.Clone(c.tables["account"].records)
		if key := c.in.text("AccountId"); key != "" {
			accounts = []record{c.find("Account", key)}
		}
		var invoices []record
		for _, account := range accounts {
			if invoice := c.bill(c.find("Account", account.text("id")), c.in.text("TargetDate")); invoice != nil {
				invoices = append(invoices, invoice.set("invoiceDate", c.in["InvoiceDate"]))
			}
		}
		id, done := c.newID(), record{}.set("Status", "Completed", "NumberOfAccounts", len(accounts), "NumberOfInvoices", len(invoices))
		if c.in.text("AutoPost") == "true" {
			c.post(invoices)
			done.set("Status", "Posted")
		}
		c.start(billRun, id, c.in.without("").set("Id", id, "BillRunNumber", "BR-"+id[24:]), record{}.set("Status", "Pending"), done).invoices = invoices
		return record{}.set("Success", true, "Id", id)
	})
	s.handle("PUT "+billRun, func(c *call) any {
		j, status := c.job(billRun), c.in.text("Status")
		if before := j.done.text("Status"); before != "Completed" || !j.looked || status != "Posted" {
			c.cannot("make a bill run %s that is %s, or pending", status, before)
			return nil
		}
		c.post(j.invoices)
		j.pending, j.looked = j.done.without("").set("Status", "PostInProgress"), false
		j.done.set("Status", "Posted")
		return j.done.pick("Id").set("Success", true)
	})
	s.handle("DELETE "+billRun, func(c *call) any {
		out := c.job(billRun).done.pick("Id").set("Success", true)
		delete(c.jobs, out.text("Id"))
		return out
	})
}

// post posts those of invoices that are still drafts.
func (c *call) post(invoices []record) {
	for _, invoice := range invoices {
		if invoice = c.find("Invoice", invoice.text("id")); invoice.text("status") == "Draft" {
			c.setStatus(invoice, "Posted")
		}
	}
}

// keep keeps a file and returns its ID.
func (c *call) keep(id, file string) string {
	c.files[id] = file
	return id
}

// dataFiles is the path of the files of data queries. They are read without a session.
const dataFiles = "/query/files/"

// dataFile returns the response to a request for such a file, or nil for any other request.
func (t *Tenant) dataFile(r *http.Request) http.Handler {
	if t.state == nil || !strings.HasPrefix(r.URL.Path, dataFiles) {
		return nil
	}
	t.state.mu.Lock()
	defer t.state.mu.Unlock()
	if file, found := t.state.files[r.URL.Path[len(dataFiles):]]; found {
		return Answer(http.StatusOK, "application/octet-stream", file)
	}
	return Answer(http.StatusForbidden, "application/xml", "<Error><Code>AccessDenied</Code></Error>")
}

var usageColumns = map[string]string{
	"ACCOUNT_ID": "accountId", "UOM": "unitOfMeasure", "QTY": "quantity", "STARTDATE": "startDateTime", "ENDDATE": "endDateTime",
	"SUBSCRIPTION_ID": "subscriptionNumber", "CHARGE_ID": "chargeNumber", "DESCRIPTION": "description",
}

// importUsage creates usage records from the rows of a file.
func (c *call) importUsage(rows [][]string) {
	if len(rows) == 0 {
		c.invalid("the file is empty")
		return
	}
	for n, row := range rows[1:] {
		in := record{}.set("sourceName", "Import", "submissionDateTime", time.Now().Format(time.DateTime))
		for i, column := range rows[0] {
			name := usageColumns[strings.ToUpper(column)]
			if name == "" && !strings.Contains(column, "__") {
				c.invalid("the file has the column %q", column)
			}
			if row[i] != "" {
				in.set(cmp.Or(name, column), row[i])
			}
		}
		in["quantity"] = []byte(in.text("quantity"))
		_, err := c.try(in, func(c *call) any { c.amount(c.in, "quantity"); return c.add("Usage", c.in) })
		if err != nil {
			c.invalid("line %d: %v", n+2, err)
		}
	}
}
