package zuoratest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// kind describes one kind of object. Lists of names are separated by blanks.
type kind struct {
	object   string // its name in queries and in /v1/object
	path     string // of its REST calls
	methods  string // of its REST calls
	parent   string // the kind of object that it belongs to
	number   string // the member that is its number
	prefix   string // of that number
	required string // members that it must have
	fixed    string // members that no update changes
	hidden   string // members that REST calls do not show
	defaults string // members that a new object has, in JSON
	fields   string // its fields in queries and /v1/object: "Field", or "Field=member" if REST calls have another name

	create func(*call) any            // if nil, the new object has the members of the request
	change func(*call, record) any    // if nil, the members of the request are changed, and the response is that of GET
	view   func(*call, record) record // if nil, GET returns the object as it is
}

const (
	stamps         = "createdDate updatedDate"
	metricMembers  = "balance creditBalance contractedMrr totalInvoiceBalance totalDebitMemoBalance unappliedCreditMemoAmount unappliedPaymentAmount"
	billingMembers = "billCycleDay currency paymentTerm paymentGateway autoPay defaultPaymentMethodId invoiceDeliveryPrefsEmail invoiceDeliveryPrefsPrint additionalEmailAddresses"
)

var kinds = []kind{
	{
		object: "Account", path: "/v1/accounts", methods: "POST GET PUT DELETE", number: "accountNumber", prefix: "A", required: "name currency",
		fixed: metricMembers + " status billToId soldToId", create: createAccount, change: updateAccount, view: viewAccount,
		defaults: `{"status":"Active","batch":"Batch1","billCycleDay":1,"autoPay":false,"balance":0.000000000,"creditBalance":0.000000000,"contractedMrr":0.000000000,
			"totalInvoiceBalance":0.000000000,"totalDebitMemoBalance":0.000000000,"unappliedCreditMemoAmount":0.000000000,"unappliedPaymentAmount":0.000000000}`,
		fields: `AccountNumber Name Status Currency Balance CreditBalance TotalInvoiceBalance TotalDebitMemoBalance UnappliedCreditMemoAmount
			UnappliedBalance=unappliedPaymentAmount Mrr=contractedMrr AutoPay Batch BillCycleDay BillToId SoldToId CrmId DefaultPaymentMethodId Notes ParentId
			PaymentGateway PaymentTerm PurchaseOrderNumber SalesRepName=salesRep InvoiceTemplateId SequenceSetId CreditLimit`,
	},
	{
		object: "Contact", path: "/v1/contacts", methods: "POST GET PUT DELETE", parent: "Account", required: "firstName lastName", hidden: stamps,
		fields: `AccountId FirstName LastName NickName=nickname Description=contactDescription Address1 Address2 City County State PostalCode=zipCode Country
			TaxRegion WorkEmail PersonalEmail WorkPhone HomePhone MobilePhone OtherPhone OtherPhoneType Fax`,
	},
	{
		object: "Product", number: "sku", prefix: "SKU-", required: "name effectiveStartDate effectiveEndDate", hidden: stamps, view: viewProduct,
		fields: "Name SKU=sku Description Category EffectiveStartDate EffectiveEndDate AllowFeatureChanges",
	},
	{
		object: "ProductRatePlan", parent: "Product", required: "name", view: viewRatePlan, hidden: stamps + " productId activeCurrencies",
		fields: "ProductId Name Description EffectiveStartDate EffectiveEndDate ActiveCurrencies",
	},
	{
		object: "ProductRatePlanCharge", parent: "ProductRatePlan", required: "name chargeType chargeModel productRatePlanChargeTierData",
		hidden: stamps + " productRatePlanId productRatePlanChargeTierData chargeModel billCycleType accountingCode", view: viewCharge,
		fields: `ProductRatePlanId Name ChargeType ChargeModel ProductRatePlanChargeTierData Description UOM=uom BillingPeriod BillingTiming BillCycleType
			BillCycleDay TriggerEvent EndDateCondition DefaultQuantity MinQuantity MaxQuantity IncludedUnits TaxCode TaxMode Taxable AccountingCode`,
	},
	{
		object: "Subscription", path: "/v1/subscriptions", methods: "POST GET PUT", parent: "Account", number: "subscriptionNumber", prefix: "A-S",
		fixed: "status contractedMrr ratePlans accountNumber accountName", hidden: stamps + " cancelledDate", create: createSubscription, change: updateSubscription,
		defaults: `{"status":"Active","revision":"1.0","autoRenew":false,"invoiceSeparately":false}`,
		fields: `AccountId Name=subscriptionNumber Status TermType ContractEffectiveDate ServiceActivationDate ContractAcceptanceDate=customerAcceptanceDate
			SubscriptionStartDate SubscriptionEndDate TermStartDate TermEndDate InitialTerm InitialTermPeriodType CurrentTerm CurrentTermPeriodType AutoRenew
			RenewalTerm RenewalSetting CMRR=contractedMrr CancelledDate Notes IsInvoiceSeparate=invoiceSeparately InvoiceOwnerId=invoiceOwnerAccountId`,
	},
	{
		object: "Order", path: "/v1/orders", methods: "POST GET DELETE", parent: "Account", number: "orderNumber", prefix: "O-", required: "orderDate",
		create: createOrder, view: func(_ *call, r record) record { return record{}.set("order", r.without("id accountId accountNumber")) },
		fields: "AccountId OrderNumber OrderDate Status Description Category",
	},
	{
		object: "Invoice", path: "/v1/invoices", methods: "POST GET PUT", parent: "Account", number: "invoiceNumber", prefix: "INV", required: "invoiceDate",
		fixed: "amount balance status amountWithoutTax taxAmount", create: createInvoice, change: updateInvoice,
		hidden: "amountWithoutTax accountNumber", view: func(_ *call, r record) record { return r.rename("number=invoiceNumber comment=comments") },
		defaults: `{"status":"Draft","autoPay":false,"amount":0.000000000,"balance":0.000000000,"amountWithoutTax":0.000000000,"taxAmount":0.000000000}`,
		fields:   "AccountId InvoiceNumber InvoiceDate DueDate TargetDate Amount Balance Status Comments PostedDate=postedOn TransferredToAccounting TaxAmount AmountWithoutTax",
	},
	{
		object: "InvoiceItem", parent: "Invoice", required: "serviceStartDate", hidden: stamps + " invoiceId",
		fields: `InvoiceId ChargeName ChargeAmount TaxAmount Quantity UnitPrice UOM=unitOfMeasure SKU=sku ServiceStartDate ServiceEndDate ProductRatePlanChargeId
			SubscriptionId SubscriptionNumber=subscriptionName`,
	},
	{
		object: "Payment", path: "/v1/payments", methods: "POST GET PUT", parent: "Account", number: "number", prefix: "P-", required: "type currency amount",
		fixed: "type currency amount appliedAmount unappliedAmount refundAmount creditBalanceAmount status paidInvoices", create: createPayment,
		hidden:   "paidInvoices accountNumber",
		defaults: `{"status":"Processed","appliedAmount":0.000000000,"unappliedAmount":0.000000000,"refundAmount":0.000000000,"creditBalanceAmount":0.000000000}`,
		fields:   "AccountId PaymentNumber=number Type Status Currency Amount AppliedAmount UnappliedAmount RefundAmount EffectiveDate Comment ReferenceId PaymentMethodId",
	},
	{
		object: "Usage", parent: "Account", required: "unitOfMeasure quantity startDateTime", hidden: stamps + " endDateTime description", defaults: `{"status":"Pending","sourceName":"API"}`,
		fields: `AccountId AccountNumber UOM=unitOfMeasure Quantity StartDateTime EndDateTime SubmissionDateTime SubscriptionId SubscriptionNumber ChargeId
			ChargeNumber Description RbeStatus=status SourceType=sourceName`,
	},
}

// byObject are the kinds that /v1/object creates and deletes.
var byObject = []string{"Account", "Contact", "Product", "ProductRatePlan", "ProductRatePlanCharge", "Usage"}

// named returns the table of a type of /v1/object, such as product-rate-plan.
func (c *call) named(object string) *table {
	t := c.tables[strings.ToLower(strings.ReplaceAll(object, "-", ""))]
	if t == nil {
		c.fail(failure{0, "40", "INVALID_TYPE", "The stand-in tenant has no objects of the type " + object})
		return &table{kind: kind{object: "Account"}}
	}
	return t
}

// members returns a request to /v1/object with the names that REST calls have.
func (c *call) members(t *table, in record) record {
	out := record{}
	for field, v := range in {
		name := t.rest[strings.ToLower(field)]
		if name == "" && c.r.URL.Query().Get("rejectUnknownFields") == "true" && !strings.Contains(field, "__") {
			c.fail(failure{0, "21", "INVALID_FIELD", t.object + " has no field " + field})
		}
		out[cmp.Or(name, field)] = v
	}
	return out
}

func (c *call) createObject(object string, in record) record {
	t := c.named(object)
	if !slices.Contains(byObject, t.object) {
		c.cannot("create the type %s at /v1/object", t.object)
	}
	return c.add(t.object, c.members(t, in)).pick("Id=id").set("Success", true)
}

func (c *call) updateObject(object, id string, in record) record {
	t := c.named(object)
	rec, in := c.find(t.object, id), c.members(t, in)
	if t.object == "Invoice" && in["status"] != nil {
		c.setStatus(rec, in.text("status"))
		in = in.without("status RegenerateInvoicePDF")
	}
	c.update(t.object, rec, in)
	return rec.pick("Id=id").set("Success", true)
}

func (c *call) deleteObject(object, id string) record {
	t := c.named(object)
	if !slices.Contains(byObject, t.object) {
		c.cannot("delete the type %s at /v1/object", t.object)
	}
	return c.delete(t, c.find(t.object, id))
}

// handleObjects registers /v1/object and /v1/action.
func (s *state) handleObjects() {
	const one = "/v1/object/{type}/{key}"
	s.handle("POST /v1/object/{type}", func(c *call) any { return c.createObject(c.r.PathValue("type"), c.in) })
	s.handle("PUT "+one, func(c *call) any { return c.updateObject(c.r.PathValue("type"), c.r.PathValue("key"), c.in) })
	s.handle("DELETE "+one, func(c *call) any { return c.deleteObject(c.r.PathValue("type"), c.r.PathValue("key")) })
	s.handle("GET "+one, func(c *call) any {
		t, out := c.named(c.r.PathValue("type")), record{}
		for name, v := range c.key(t.object) {
			out[cmp.Or(t.crud[name], name)] = v
		}
		out = out.without("ProductRatePlanChargeTierData")
		if fields := c.r.URL.Query().Get("fields"); fields != "" {
			return out.pick("Id " + strings.ReplaceAll(fields, ",", " "))
		}
		return out
	})
	// Each item of a list succeeds or fails on its own.
	for action, do := range map[string]func(c *call, object string) any{
		"create": func(c *call, object string) any { return c.createObject(object, c.in) },
		"update": func(c *call, object string) any { return c.updateObject(object, c.in.text("Id"), c.in) },
		"delete": func(c *call, object string) any { return c.deleteObject(object, c.in.text("id")) },
	} {
		s.handle("POST /v1/action/"+action, func(c *call) any {
			results, items, success, problems := []any{}, c.in.list("objects"), "Success", "Errors"
			if action == "delete" {
				success, problems = "success", "errors"
			}
			for _, id := range c.in.strings("ids") {
				items = append(items, record{}.set("id", id))
			}
			for _, item := range items {
				result, err := c.try(item, func(part *call) any { return do(part, c.in.text("type")) })
				if err != nil {
					result = record{}.set(success, false, problems, []map[string]string{{"Code": err.(failure).word, "Message": err.Error()}})
				}
				results = append(results, result)
			}
			return results
		})
	}
}

// handleLists registers the lists that have pages. It refuses query parameters other than
// filters and those of pages.
func (s *state) handleLists() {
	for _, l := range []struct {
		path, object, name string
		of                 string // the kind of object that the path names
		filters            string
		view               func(*call, record) record // if nil, it is show
	}{
		{"/v1/catalog/products", "Product", "products", "", "", nil},
		{"/v1/rateplan/{key}/productRatePlan", "ProductRatePlan", "productRatePlans", "Product", "", nil},
		{"/v1/subscriptions/accounts/{key}", "Subscription", "subscriptions", "Account", "", nil},
		{"/v1/orders", "Order", "orders", "", "status", viewOrder},
		{"/v1/orders/subscription/{key}", "Order", "orders", "Subscription", "status", viewOrder},
		{"/v1/orders/subscriptionOwner/{key}", "Order", "orders", "Account", "status", viewOrder},
		{"/v1/orders/invoiceOwner/{key}", "Order", "orders", "Account", "status", viewOrder},
		{"/v1/invoices/{key}/items", "InvoiceItem", "invoiceItems", "Invoice", "", nil},
		{"/v1/payments", "Payment", "payments", "", "accountId amount currency effectiveDate number status type", nil},
		{"/v1/transactions/invoices/accounts/{key}", "Invoice", "invoices", "Account", "", accountInvoice},
		{"/v1/transactions/payments/accounts/{key}", "Payment", "payments", "Account", "", accountPayment},
		{"/v1/usage/accounts/{key}", "Usage", "usage", "Account", "", nil},
	} {
		s.handle("GET "+l.path, func(c *call) any {
			t := c.tables[strings.ToLower(l.object)]
			all := slices.Clone(t.records)
			switch {
			case l.of == "Subscription":
				number := c.key(l.of).text("subscriptionNumber")
				all = slices.DeleteFunc(all, func(order record) bool {
					return !slices.ContainsFunc(order.list("subscriptions"), func(r record) bool { return r.text("subscriptionNumber") == number })
				})
			case l.of != "":
				all = c.of(l.object, l.of, c.key(l.of))
			}
			for name, values := range c.r.URL.Query() {
				if slices.Contains(strings.Fields(l.filters), name) {
					all = slices.DeleteFunc(all, func(r record) bool { return !r.equal(name, values[0]) })
				} else if !slices.Contains([]string{"page", "pageSize", "charge-detail"}, name) {
					c.fail(failure{http.StatusBadRequest, "27", "", "The stand-in tenant does not know the query parameter " + name + " of this call"})
				}
			}
			return c.page(l.name, all, func(r record) record {
				if l.view != nil {
					return l.view(c, r)
				}
				return c.show(l.object, r)
			})
		})
	}
	s.handle("GET /v1/catalog/product/{key}", func(c *call) any { return c.show("Product", c.key("Product")).set("success", true) })
}

func viewOrder(c *call, r record) record { return c.show("Order", r).object("order") }

// newCatalog makes the products that a tenant begins with.
func (s *state) newCatalog(c *call) {
	var product record
	for _, p := range [][3]string{
		{"Daily Paper", "Print", "29.90"}, {"Daily Paper", "Digital", "12.50"}, {"Sunday Paper", "Print", "9.95"},
		{"Crosswords", "Digital", "1.99"}, {"Archive", "Digital", "4.083333333"},
	} {
		in := record{}.set("name", p[0], "effectiveStartDate", "2020-01-01", "effectiveEndDate", "2099-12-31")
		if product.text("name") != p[0] {
			product = c.add("Product", in)
		}
		plan := c.add("ProductRatePlan", in.set("name", p[1], "productId", product["id"]))
		tiers := []record{record{"Price": []byte(p[2])}.set("Currency", "USD"), record{"Price": []byte(p[2])}.set("Currency", "EUR")}
		c.add("ProductRatePlanCharge", record{}.set("productRatePlanId", plan["id"], "name", p[1], "chargeType", "Recurring", "chargeModel", "Flat Fee Pricing",
			"billingPeriod", "Month", "billingTiming", "IN_ADVANCE", "billCycleType", "DefaultFromCustomer", "triggerEvent", "ContractEffective",
			"productRatePlanChargeTierData", map[string]any{"ProductRatePlanChargeTier": tiers}))
	}
}

func viewProduct(c *call, product record) record {
	plans := []record{}
	for _, plan := range c.of("ProductRatePlan", "Product", product) {
		plans = append(plans, c.show("ProductRatePlan", plan))
	}
	return product.set("productRatePlans", plans)
}

func viewRatePlan(c *call, plan record) record {
	charges := []record{}
	for _, charge := range c.of("ProductRatePlanCharge", "ProductRatePlan", plan) {
		charges = append(charges, c.show("ProductRatePlanCharge", charge))
	}
	return plan.set("status", "Active", "productRatePlanCharges", charges)
}

func viewCharge(_ *call, charge record) record {
	pricing, summary := []record{}, []string{}
	for _, tier := range tiers(charge) {
		pricing, summary = append(pricing, tier.pick("currency=Currency price=Price")), append(summary, tier.text("Currency")+tier.text("Price"))
	}
	return charge.rename("type=chargeType").set("model", modelOf(charge), "pricing", pricing, "pricingSummary", summary)
}

func tiers(charge record) []record {
	return charge.object("productRatePlanChargeTierData").list("ProductRatePlanChargeTier")
}

// modelOf returns the model of a charge as the catalog spells it: "FlatFee" for the
// "Flat Fee Pricing" of /v1/object.
func modelOf(charge record) string {
	return strings.NewReplacer(" Pricing", "", " with ", "With", " ", "", "-", "").Replace(charge.text("chargeModel"))
}
