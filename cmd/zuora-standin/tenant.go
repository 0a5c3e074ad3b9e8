package main

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/catalog"
	"github.com/zuora-go/zuora/api/subscriptions"
	"github.com/zuora-go/zuora/zuoratest"
)

// tenant is what the stand-in keeps. Calls take turns.
type tenant struct {
	mu            sync.Mutex
	products      []catalog.Product
	accounts      []*accounts.Account
	subscriptions []*subscriptions.Subscription
	created       int                                 // accounts ever
	results       map[string][]map[string]zuora.Value // what is left of queries, by locator
}

// failure is a call that fails as REST resources do, with status 200. The texts and the
// first six digits of the codes are made up; the last two are the category.
type failure struct{ code, message string }

func (f failure) Error() string { return f.message }

func missing(field string) error { return failure{"50000022", "Missing required value: " + field} }

// newServer starts a server with a catalog, and no accounts yet.
func newServer() *zuoratest.Server {
	server := zuoratest.NewServer(zuoratest.Config{Credentials: zuora.Credentials{
		AccessKeyID: "api.user@example.com", SecretAccessKey: zuora.Secret("standin-" + rand.Text()),
	}})
	t := &tenant{products: newCatalog(), results: map[string][]map[string]zuora.Value{}}
	handle(server, t, "GET /v1/catalog/products", t.listProducts)
	handle(server, t, "GET /v1/catalog/product/{key}", t.getProduct)
	handle(server, t, "POST /v1/accounts", t.createAccount)
	handle(server, t, "GET /v1/accounts/{key}", t.getAccount)
	handle(server, t, "PUT /v1/accounts/{key}", t.updateAccount)
	handle(server, t, "DELETE /v1/accounts/{key}", t.deleteAccount)
	handle(server, t, "GET /v1/accounts/{key}/summary", t.getSummary)
	handle(server, t, "POST /v1/subscriptions", t.createSubscription)
	handle(server, t, "GET /v1/subscriptions/{key}", t.getSubscription)
	handle(server, t, "GET /v1/subscriptions/accounts/{key}", t.listSubscriptions)
	handle(server, t, "PUT /v1/subscriptions/{key}/cancel", t.cancelSubscription)
	handle(server, t, "POST /v1/action/query", t.query)
	handle(server, t, "POST /v1/action/queryMore", t.queryMore)
	server.Handle("/", zuoratest.Failed(http.StatusNotFound, "50000040", "the stand-in does not have this call; zuora-standin -help lists those that it has"))
	return server
}

// handle registers a call, whose request body becomes an In.
func handle[In any](server *zuoratest.Server, t *tenant, pattern string, call func(*http.Request, In) (any, error)) {
	server.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		var in In
		switch {
		case err != nil:
			zuoratest.Failed(http.StatusBadRequest, "50000090", err.Error()).ServeHTTP(w, r)
			return
		case r.Method == http.MethodPut && len(body) == 0:
			zuoratest.Failed(http.StatusUnsupportedMediaType, "50000045", "a PUT needs a body, {} at least").ServeHTTP(w, r)
			return
		case r.Method != http.MethodGet && r.Method != http.MethodDelete:
			if err := json.Unmarshal(body, &in); err != nil {
				zuoratest.Failed(http.StatusBadRequest, "50000090", "the body is not the JSON that this call takes: "+err.Error()).ServeHTTP(w, r)
				return
			}
		}
		t.mu.Lock()
		out, err := call(r, in)
		text, encodeErr := json.Marshal(out) // while no other call changes it
		t.mu.Unlock()
		var failed failure
		switch {
		case errors.As(err, &failed) && len(failed.code) == 8:
			zuoratest.Failed(http.StatusOK, failed.code, failed.message).ServeHTTP(w, r)
		case errors.As(err, &failed):
			zuoratest.CRUDFailed(failed.code, failed.message).ServeHTTP(w, r)
		case err != nil || encodeErr != nil:
			zuoratest.Failed(http.StatusInternalServerError, "50000060", fmt.Sprint(err, encodeErr)).ServeHTTP(w, r)
		default:
			zuoratest.JSON(json.RawMessage(text)).ServeHTTP(w, r)
		}
	})
}

// none is the body of a call that has none.
type none struct{}

func newID(kind, n int) string { return fmt.Sprintf("2c92c0f9%04d%020d", kind, n) }

func newCatalog() []catalog.Product {
	var products []catalog.Product
	n := 0
	for _, p := range []struct {
		name  string
		plans [][2]string
	}{
		{"Daily Paper", [][2]string{{"Print", "29.90"}, {"Digital", "12.50"}}}, {"Sunday Paper", [][2]string{{"Print", "9.95"}}},
		{"Crosswords", [][2]string{{"Digital", "1.99"}}}, {"Archive", [][2]string{{"Digital", "4.083333333"}}},
	} {
		product := catalog.Product{
			ID: newID(1, len(products)+1), SKU: fmt.Sprintf("SKU-%08d", len(products)+1), Name: p.name,
			EffectiveStartDate: "2020-01-01", EffectiveEndDate: "2099-12-31",
		}
		for _, plan := range p.plans {
			n++
			product.ProductRatePlans = append(product.ProductRatePlans, catalog.RatePlan{
				ID: newID(2, n), Name: plan[0], Status: catalog.RatePlanStatusActive, EffectiveStartDate: "2020-01-01", EffectiveEndDate: "2099-12-31",
				ProductRatePlanCharges: []catalog.RatePlanCharge{{
					ID: newID(3, n), Name: plan[0], Type: catalog.ChargeTypeRecurring, Model: catalog.ChargeModelFlatFee, BillingPeriod: "Month",
					Pricing: []catalog.Pricing{{Currency: "USD", Price: zuora.Decimal(plan[1])}, {Currency: "EUR", Price: zuora.Decimal(plan[1])}},
				}},
			})
		}
		products = append(products, product)
	}
	return products
}

// page returns the page of all that r asks for, and the URL of the next one, if there is
// one, on the host that r came to.
func page[T any](r *http.Request, all []T) (items []T, next string) {
	query := r.URL.Query()
	size, err := strconv.Atoi(query.Get("pageSize"))
	if err != nil || size < 1 {
		size = 10
	}
	size = min(size, 40)
	n, err := strconv.Atoi(query.Get("page"))
	if err != nil || n < 1 || n > len(all) {
		n = 1
	}
	begin := min((n-1)*size, len(all))
	end := min(begin+size, len(all))
	if end < len(all) {
		query.Set("page", strconv.Itoa(n+1))
		next = "https://" + r.Host + r.URL.EscapedPath() + "?" + query.Encode()
	}
	return all[begin:end], next
}

func (t *tenant) listProducts(r *http.Request, _ none) (any, error) {
	products, next := page(r, t.products)
	return catalog.ProductList{Success: true, Products: products, NextPage: next}, nil
}

func (t *tenant) getProduct(r *http.Request, _ none) (any, error) {
	for _, p := range t.products {
		if p.ID == r.PathValue("key") {
			p.Success = true
			return p, nil
		}
	}
	return nil, failure{"50000040", "Cannot find a product by this ID"}
}

// account finds the account of an ID or a number.
func (t *tenant) account(key string) (*accounts.Account, error) {
	for _, a := range t.accounts {
		if key == a.BasicInfo.ID || key == a.BasicInfo.AccountNumber {
			return a, nil
		}
	}
	return nil, failure{"50000040", "Cannot find an account by this ID or number"}
}

func (t *tenant) createAccount(_ *http.Request, in accounts.NewAccount) (any, error) {
	t.created++
	number := in.AccountNumber
	if number == "" {
		number = fmt.Sprintf("A%08d", t.created)
	}
	switch _, err := t.account(number); {
	case in.Name == "":
		return nil, missing("name")
	case in.Currency == "":
		return nil, missing("currency")
	case in.BillToContact.FirstName == "" || in.BillToContact.LastName == "":
		return nil, missing("billToContact.firstName, billToContact.lastName")
	case in.Subscription != nil || in.PaymentMethod != nil || in.CreditCard != nil:
		return nil, failure{"50000030", "The stand-in creates neither subscriptions nor payment methods along with an account"}
	case err == nil:
		return nil, failure{"50000030", "There is an account with this number already"}
	}
	a := &accounts.Account{
		Success: true,
		BasicInfo: accounts.BasicInfo{
			ID: newID(4, t.created), AccountNumber: number, Name: in.Name, Status: "Active", ParentID: in.ParentID,
			CrmID: in.CrmID, SalesRep: in.SalesRep, Notes: in.Notes, Batch: in.Batch, AdditionalProperties: in.AdditionalProperties,
		},
		BillingAndPayment: accounts.BillingAndPayment{
			Currency: in.Currency, PaymentTerm: in.PaymentTerm, PaymentGateway: in.PaymentGateway,
			BillCycleDay: value(in.BillCycleDay, 1), AutoPay: value(in.AutoPay, false),
		},
		Metrics:       accounts.Metrics{Balance: "0.000000000", CreditBalance: "0.000000000", ContractedMrr: "0.000000000"},
		BillToContact: contact(in.BillToContact, newID(5, 2*t.created-1)),
	}
	a.SoldToContact = a.BillToContact
	if in.SoldToContact != nil {
		a.SoldToContact = contact(*in.SoldToContact, newID(5, 2*t.created))
	}
	t.accounts = append(t.accounts, a)
	return accounts.CreatedAccount{
		Success: true, AccountID: a.BasicInfo.ID, AccountNumber: number, BillToContactID: a.BillToContact.ID, SoldToContactID: a.SoldToContact.ID,
	}, nil
}

func value[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// contact returns c with the ID. Every field of a new contact is one of a contact.
func contact(c accounts.NewContact, id string) accounts.Contact {
	var out accounts.Contact
	text, err := json.Marshal(c)
	if err == nil {
		_ = json.Unmarshal(text, &out)
	}
	out.ID = id
	return out
}

func (t *tenant) getAccount(r *http.Request, _ none) (any, error) {
	return t.account(r.PathValue("key"))
}

// updateAccount sets the fields that are sent. Of those that are null it empties custom
// fields only.
func (t *tenant) updateAccount(r *http.Request, in map[string]json.RawMessage) (any, error) {
	a, err := t.account(r.PathValue("key"))
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	var update accounts.AccountUpdate
	if err := json.Unmarshal(text, &update); err != nil {
		return nil, failure{"50000020", err.Error()}
	}
	info, billing := &a.BasicInfo, &a.BillingAndPayment
	for to, v := range map[*string]string{
		&info.Name: update.Name, &info.ParentID: update.ParentID, &info.CrmID: update.CrmID, &info.SalesRep: update.SalesRep,
		&info.Notes: update.Notes, &info.Tags: update.Tagging, &info.Batch: update.Batch,
		&billing.PaymentTerm: update.PaymentTerm, &billing.PaymentGateway: update.PaymentGateway,
	} {
		*to = cmp.Or(v, *to)
	}
	billing.BillCycleDay, billing.AutoPay = value(update.BillCycleDay, billing.BillCycleDay), value(update.AutoPay, billing.AutoPay)
	if info.AdditionalProperties == nil {
		info.AdditionalProperties = map[string]zuora.Value{}
	}
	maps.Copy(info.AdditionalProperties, update.AdditionalProperties)
	for name, v := range in {
		if string(v) == "null" {
			delete(info.AdditionalProperties, name)
		}
	}
	if update.BillToContact != nil {
		a.BillToContact = contact(*update.BillToContact, a.BillToContact.ID)
	}
	if update.SoldToContact != nil {
		a.SoldToContact = contact(*update.SoldToContact, a.SoldToContact.ID)
	}
	return zuora.CommonResponseType{Success: true}, nil
}

func (t *tenant) deleteAccount(r *http.Request, _ none) (any, error) {
	a, err := t.account(r.PathValue("key"))
	if err != nil {
		return nil, err
	}
	id := a.BasicInfo.ID
	t.accounts = slices.DeleteFunc(t.accounts, func(a *accounts.Account) bool { return a.BasicInfo.ID == id })
	t.subscriptions = slices.DeleteFunc(t.subscriptions, func(s *subscriptions.Subscription) bool { return s.AccountID == id })
	return accounts.DeletedAccount{Success: true, ID: id}, nil
}

func (t *tenant) getSummary(r *http.Request, _ none) (any, error) {
	a, err := t.account(r.PathValue("key"))
	if err != nil {
		return nil, err
	}
	summary := accounts.AccountSummary{
		Success: true, BillToContact: a.BillToContact, SoldToContact: a.SoldToContact,
		BasicInfo: accounts.SummaryBasicInfo{
			ID: a.BasicInfo.ID, AccountNumber: a.BasicInfo.AccountNumber, Name: a.BasicInfo.Name, Status: a.BasicInfo.Status,
			Currency: a.BillingAndPayment.Currency, Balance: a.Metrics.Balance, BillCycleDay: a.BillingAndPayment.BillCycleDay,
		},
	}
	for _, s := range slices.Backward(t.subscriptionsOf(a)) {
		if len(summary.Subscriptions) == 6 {
			break
		}
		summary.Subscriptions = append(summary.Subscriptions, accounts.SummarySubscription{
			ID: s.ID, SubscriptionNumber: s.SubscriptionNumber, Status: string(s.Status), TermType: string(s.TermType),
			InitialTerm: s.InitialTerm, SubscriptionStartDate: s.SubscriptionStartDate, TermStartDate: s.TermStartDate, TermEndDate: s.TermEndDate,
		})
	}
	return summary, nil
}

func (t *tenant) subscriptionsOf(a *accounts.Account) (of []*subscriptions.Subscription) {
	for _, s := range t.subscriptions {
		if s.AccountID == a.BasicInfo.ID {
			of = append(of, s)
		}
	}
	return of
}

// subscription finds the subscription of an ID or a number.
func (t *tenant) subscription(key string) (*subscriptions.Subscription, error) {
	for _, s := range t.subscriptions {
		if key == s.ID || key == s.SubscriptionNumber {
			return s, nil
		}
	}
	return nil, failure{"50000040", "Cannot find a subscription by this ID or number"}
}

func (t *tenant) createSubscription(_ *http.Request, in subscriptions.NewSubscription) (any, error) {
	a, err := t.account(in.AccountKey)
	termed := in.TermType == subscriptions.TermTypeTermed
	switch {
	case err != nil:
		return nil, err
	case in.ContractEffectiveDate == "":
		return nil, missing("contractEffectiveDate")
	case !termed && in.TermType != subscriptions.TermTypeEvergreen:
		return nil, failure{"50000020", "termType is TERMED or EVERGREEN"}
	case termed && value(in.InitialTerm, 0) < 1:
		return nil, missing("initialTerm")
	case termed && in.InitialTermPeriodType != "" && in.InitialTermPeriodType != subscriptions.PeriodTypeMonth:
		return nil, failure{"50000030", "The stand-in knows terms of months only"}
	case len(in.SubscribeToRatePlans) == 0:
		return nil, missing("subscribeToRatePlans")
	}
	start, err := in.ContractEffectiveDate.Time()
	if err != nil {
		return nil, failure{"50000020", "contractEffectiveDate is not a date"}
	}
	n := len(t.subscriptions) + 1
	s := &subscriptions.Subscription{
		ID: newID(6, n), SubscriptionNumber: in.SubscriptionNumber, Status: subscriptions.SubscriptionStatusActive, Revision: "1.0",
		AccountID: a.BasicInfo.ID, AccountNumber: a.BasicInfo.AccountNumber, AccountName: a.BasicInfo.Name, TermType: in.TermType,
		ContractEffectiveDate: in.ContractEffectiveDate, SubscriptionStartDate: in.ContractEffectiveDate, TermStartDate: in.ContractEffectiveDate,
		AutoRenew: value(in.AutoRenew, false), RenewalTerm: value(in.RenewalTerm, 0), Notes: in.Notes, AdditionalProperties: in.AdditionalProperties, Success: true,
	}
	if s.SubscriptionNumber == "" {
		s.SubscriptionNumber = fmt.Sprintf("A-S%08d", n)
	}
	mrr := new(big.Rat)
	for i, wanted := range in.SubscribeToRatePlans {
		plan, price, err := t.plan(wanted.ProductRatePlanID, a.BillingAndPayment.Currency)
		if err != nil {
			return nil, err
		}
		plan.ID = newID(7, 100*n+i)
		s.RatePlans = append(s.RatePlans, plan)
		mrr.Add(mrr, price)
	}
	s.ContractedMrr = zuora.DecimalOf(mrr, 9)
	s.TotalContractedValue = s.ContractedMrr
	if termed {
		s.InitialTerm, s.CurrentTerm = *in.InitialTerm, *in.InitialTerm
		s.InitialTermPeriodType, s.CurrentTermPeriodType = subscriptions.PeriodTypeMonth, subscriptions.PeriodTypeMonth
		s.TermEndDate = zuora.DateOf(start.AddDate(0, int(s.InitialTerm), 0))
		s.TotalContractedValue = zuora.DecimalOf(new(big.Rat).Mul(mrr, new(big.Rat).SetInt64(s.InitialTerm)), 9)
	}
	if _, err := t.subscription(s.SubscriptionNumber); err == nil {
		return nil, failure{"50000030", "There is a subscription with this number already"}
	}
	t.subscriptions = append(t.subscriptions, s)
	t.addMrr(a, mrr)
	return subscriptions.CreatedSubscription{
		Success: true, SubscriptionID: s.ID, SubscriptionNumber: s.SubscriptionNumber, ContractedMrr: s.ContractedMrr, TotalContractedValue: s.TotalContractedValue,
	}, nil
}

// plan returns the rate plan of an ID of the catalog, and its price a month.
func (t *tenant) plan(id, currency string) (subscriptions.RatePlan, *big.Rat, error) {
	for _, product := range t.products {
		for _, plan := range product.ProductRatePlans {
			if plan.ID != id {
				continue
			}
			for _, price := range plan.ProductRatePlanCharges[0].Pricing {
				if price.Currency == currency {
					rat, err := price.Price.Rat()
					return subscriptions.RatePlan{
						RatePlanName: plan.Name, ProductID: product.ID, ProductName: product.Name, ProductSKU: product.SKU, ProductRatePlanID: id,
						RatePlanCharges: []subscriptions.Charge{{
							ProductRatePlanChargeID: plan.ProductRatePlanCharges[0].ID, Name: plan.Name, Currency: currency, Price: price.Price,
							Type: subscriptions.ChargeTypeRecurring, Model: subscriptions.ChargeModelFlatFee, BillingPeriod: "Month",
						}},
					}, rat, err
				}
			}
			return subscriptions.RatePlan{}, nil, failure{"50000030", "The rate plan has no price in the account's currency"}
		}
	}
	return subscriptions.RatePlan{}, nil, failure{"50000040", "Cannot find a rate plan by this productRatePlanId"}
}

func (t *tenant) addMrr(a *accounts.Account, more *big.Rat) {
	if mrr, err := a.Metrics.ContractedMrr.Rat(); err == nil {
		a.Metrics.ContractedMrr = zuora.DecimalOf(mrr.Add(mrr, more), 9)
	}
}

func (t *tenant) getSubscription(r *http.Request, _ none) (any, error) {
	return t.subscription(r.PathValue("key"))
}

func (t *tenant) listSubscriptions(r *http.Request, _ none) (any, error) {
	a, err := t.account(r.PathValue("key"))
	if err != nil {
		return nil, err
	}
	list := subscriptions.SubscriptionList{Success: true}
	items, next := page(r, t.subscriptionsOf(a))
	for _, s := range items {
		item := *s
		item.Success = false // those of a list do not have it
		list.Subscriptions = append(list.Subscriptions, item)
	}
	list.NextPage = next
	return list, nil
}

func (t *tenant) cancelSubscription(r *http.Request, in subscriptions.Cancellation) (any, error) {
	s, err := t.subscription(r.PathValue("key"))
	if err != nil {
		return nil, err
	}
	end := in.CancellationEffectiveDate
	switch in.CancellationPolicy {
	case subscriptions.CancellationPolicySpecificDate:
		if end == "" {
			return nil, missing("cancellationEffectiveDate")
		}
	case subscriptions.CancellationPolicyEndOfCurrentTerm:
		end = s.TermEndDate
	case subscriptions.CancellationPolicyEndOfLastInvoicePeriod:
		end = zuora.DateOf(time.Now())
	default:
		return nil, missing("cancellationPolicy")
	}
	if s.Status != subscriptions.SubscriptionStatusActive {
		return nil, failure{"50000030", "Only an active subscription can be cancelled"}
	}
	mrr, err := s.ContractedMrr.Rat()
	if err != nil {
		return nil, err
	}
	less := mrr.Neg(mrr)
	s.Status, s.SubscriptionEndDate, s.ContractedMrr = subscriptions.SubscriptionStatusCancelled, end, "0.000000000"
	if a, err := t.account(s.AccountID); err == nil {
		t.addMrr(a, less)
	}
	return subscriptions.CancelledSubscription{Success: true, SubscriptionID: s.ID, CancelledDate: end, TotalDeltaMrr: zuora.DecimalOf(less, 9)}, nil
}
