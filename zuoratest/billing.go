package zuoratest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

func createAccount(c *call) any {
	c.refuse(c.in, "subscription paymentMethod creditCard hpmCreditCardPaymentMethodId")
	const notKept = "billToContact soldToContact soldToSameAsBillTo runBilling collect applyCredit applyCreditBalance invoice invoiceCollect targetDate documentDate "
	account := c.add("Account", c.in.without(notKept+metricMembers).rename("tags=tagging"))
	if c.in["billToContact"] == nil {
		c.missing("billToContact")
	}
	billTo := c.add("Contact", c.in.object("billToContact").set("accountId", account["id"]))
	soldTo := billTo
	if in := c.in.object("soldToContact"); len(in) > 0 {
		soldTo = c.add("Contact", in.set("accountId", account["id"]))
	}
	account["billToId"], account["soldToId"] = billTo["id"], soldTo["id"]
	return account.pick("accountId=id accountNumber billToContactId=billToId soldToContactId=soldToId").set("success", true)
}

func updateAccount(c *call, account record) any {
	for name, member := range map[string]string{"billToContact": "billToId", "soldToContact": "soldToId"} {
		if in := c.in.object(name); len(in) > 0 {
			c.update("Contact", c.find("Contact", account.text(member)), in)
		}
	}
	c.update("Account", account, c.in.without("billToContact soldToContact").rename("tags=tagging"))
	return ok()
}

func viewAccount(c *call, account record) record {
	return account.pick("taxInfo").set("basicInfo", account.without(billingMembers+" "+metricMembers+" taxInfo billToId soldToId "+stamps),
		"billingAndPayment", account.pick(billingMembers), "metrics", account.pick(metricMembers),
		"billToContact", c.contact(account, "billToId"), "soldToContact", c.contact(account, "soldToId"))
}

// contact returns a contact of an account. It is empty if there is none, as in an account
// that /v1/object has created.
func (c *call) contact(account record, member string) record {
	return c.tables["contact"].keys[account.text(member)].without("accountId accountNumber " + stamps)
}

// summary returns an account with the last six of its subscriptions, invoices, payments and
// usage records.
func summary(c *call) any {
	account := c.key("Account")
	last := func(object, members string) []record {
		out := []record{}
		for _, rec := range slices.Backward(c.of(object, "Account", account)) {
			if len(out) < 6 {
				out = append(out, rec.pick(members))
			}
		}
		return out
	}
	return ok("basicInfo", account.pick("id accountNumber name status currency balance batch tags billCycleDay autoPay additionalEmailAddresses"),
		"billToContact", c.contact(account, "billToId"), "soldToContact", c.contact(account, "soldToId"),
		"subscriptions", last("Subscription", "id subscriptionNumber status termType initialTerm renewalTerm autoRenew subscriptionStartDate termStartDate termEndDate"),
		"invoices", last("Invoice", "id invoiceNumber invoiceDate dueDate amount balance status"),
		"payments", last("Payment", "id paymentNumber=number paymentType=type effectiveDate status paidInvoices"),
		"usage", last("Usage", "startDate=startDateTime quantity unitOfMeasure"))
}

// doing names the members that make Zuora do more than the call itself.
const doing = "runBilling collect invoice invoiceCollect applyCredit applyCreditBalance"

func createSubscription(c *call) any {
	c.refuse(c.in, doing)
	sub := c.subscribe(c.find("Account", c.in.text("accountKey")), c.in)
	return sub.pick("subscriptionId=id subscriptionNumber contractedMrr").set("success", true)
}

// subscribe creates a subscription of an account.
func (c *call) subscribe(account, in record) record {
	for _, name := range []string{"termType", "contractEffectiveDate", "subscribeToRatePlans"} {
		if in.text(name) == "" {
			c.missing(name)
		}
	}
	start := c.date(in, "contractEffectiveDate")
	sub := in.without(doing + " accountKey subscribeToRatePlans invoiceOwnerAccountKey targetDate documentDate invoiceTargetDate applicationOrder")
	maps.Copy(sub, account.pick("accountId=id accountName=name invoiceOwnerAccountId=id invoiceOwnerAccountNumber=accountNumber invoiceOwnerAccountName=name"))
	sub.set("subscriptionStartDate", in["contractEffectiveDate"], "termStartDate", in["contractEffectiveDate"], "ratePlans", []record{})
	switch in.text("termType") {
	case "TERMED":
		period := cmp.Or(in.text("initialTermPeriodType"), "Month")
		sub.set("currentTerm", in["initialTerm"], "initialTermPeriodType", period, "currentTermPeriodType", period, "termEndDate", c.after(start, in, "initialTerm"))
	case "EVERGREEN":
	default:
		c.invalid("termType is neither TERMED nor EVERGREEN")
	}
	sub.add("contractedMrr", new(big.Rat))
	sub = c.add("Subscription", sub)
	for _, plan := range in.list("subscribeToRatePlans") {
		c.addPlan(account, sub, plan)
	}
	return sub
}

// after returns the day at the end of a term that begins at start.
func (c *call) after(start time.Time, r record, term string) string {
	n, err := strconv.Atoi(r.text(term))
	if err != nil {
		c.missing(term)
	}
	switch r.text(term + "PeriodType") {
	case "Day":
		start = start.AddDate(0, 0, n)
	case "Week":
		start = start.AddDate(0, 0, 7*n)
	case "Year":
		start = start.AddDate(n, 0, 0)
	default:
		start = start.AddDate(0, n, 0)
	}
	return start.Format(time.DateOnly)
}

// addPlan adds a rate plan to a subscription. Its prices are those of in, or of the catalog.
func (c *call) addPlan(account, sub, in record) {
	plan := c.find("ProductRatePlan", in.text("productRatePlanId"))
	product := c.find("Product", plan.text("productId"))
	overrides := map[string]record{}
	for _, o := range in.list("chargeOverrides") {
		overrides[o.text("productRatePlanChargeId")] = o
	}
	charges := []record{}
	for _, from := range c.of("ProductRatePlanCharge", "ProductRatePlan", plan) {
		charge := from.pick("productRatePlanChargeId=id name type=chargeType uom billingPeriod billingTiming triggerEvent")
		for _, tier := range tiers(from) {
			if bytes.Equal(tier["Currency"], account["currency"]) {
				charge["price"] = tier["Price"]
			}
		}
		o := overrides[from.text("id")]
		delete(overrides, from.text("id"))
		maps.Copy(charge, o.without("pricing billing startDate endDate chargeNumber customFields uniqueToken"))
		maps.Copy(charge, o.object("customFields"))
		for _, v := range o.object("pricing") { // of an order
			maps.Copy(charge, record{"": v}.object("").pick("price=listPrice quantity tiers includedUnits overagePrice discountAmount discountPercentage"))
		}
		if price := c.amount(charge, "price"); charge.text("type") == "Recurring" {
			sub.add("contractedMrr", price)
			account.add("contractedMrr", price)
		}
		id := c.newID()
		charges = append(charges, charge.set("id", id, "number", "C-"+id[24:], "model", modelOf(from), "currency", account["currency"],
			"version", 1, "segment", 1, "effectiveStartDate", sub["contractEffectiveDate"]))
	}
	for id := range overrides {
		c.invalid("the rate plan has no charge %s", id)
	}
	added := in.without("chargeOverrides uniqueToken customFields newRatePlanId")
	maps.Copy(added, in.object("customFields"))
	maps.Copy(added, plan.pick("ratePlanName=name productId productRatePlanId=id"))
	maps.Copy(added, product.pick("productName=name productSku=sku"))
	sub.set("ratePlans", append(sub.list("ratePlans"), added.set("id", c.newID(), "lastChangeType", "Add", "ratePlanCharges", charges)))
}

func updateSubscription(c *call, sub record) any {
	c.refuse(c.in, doing+" add update remove preview")
	c.update("Subscription", sub, c.in)
	return ok("subscriptionId", sub["id"])
}

// change cancels, suspends, resumes or renews a subscription.
func (c *call) change(sub record, verb string, in record) record {
	c.refuse(in, doing)
	status, day := sub.text("status"), time.Now().Format(time.DateOnly)
	if active := map[string]string{"resume": "Suspended"}[verb]; status != cmp.Or(active, "Active") {
		c.cannot("%s a subscription that is %s", verb, status)
	}
	names := map[string][2]string{
		"cancel": {"cancellationPolicy", "cancellationEffectiveDate"}, "suspend": {"suspendPolicy", "suspendSpecificDate"}, "resume": {"resumePolicy", "resumeSpecificDate"},
	}[verb]
	switch policy := in.text(names[0]); {
	case verb == "renew", policy == "Today", policy == "EndOfLastInvoicePeriod":
	case policy == "":
		c.missing(names[0])
	case policy == "SpecificDate":
		day = c.date(in, names[1]).Format(time.DateOnly)
	case policy == "EndOfCurrentTerm" && sub["termEndDate"] != nil:
		day = sub.text("termEndDate")
	default:
		c.cannot("know the %s %s of this subscription", names[0], policy)
	}
	out := sub.pick("subscriptionId=id").set("success", true)
	switch verb {
	case "cancel":
		less := new(big.Rat).Neg(c.amount(sub, "contractedMrr"))
		c.find("Account", sub.text("accountId")).add("contractedMrr", less)
		sub.add("contractedMrr", less)
		out.add("totalDeltaMrr", less)
		sub.set("status", "Cancelled", "subscriptionEndDate", day, "cancelledDate", day)
		out.set("cancelledDate", day)
	case "suspend":
		sub.set("status", "Suspended")
		out.set("suspendDate", day)
	case "resume":
		sub.set("status", "Active")
		out.set("resumeDate", day)
	case "renew":
		sub.set("termStartDate", sub["termEndDate"], "termEndDate", c.after(c.date(sub, "termEndDate"), sub, "renewalTerm"))
		out.add("totalDeltaMrr", new(big.Rat))
		maps.Copy(out, sub.pick("termStartDate termEndDate"))
	}
	return out
}

func createOrder(c *call) any {
	options := c.in.object("processingOptions")
	c.refuse(c.in, "orderLineItems")
	c.refuse(options, "collectPayment applyCredit applyCreditBalance")
	key := cmp.Or(c.in.text("existingAccountNumber"), c.in.text("existingAccountId"))
	if in := c.in.object("newAccount"); len(in) > 0 {
		for _, contact := range []string{"billToContact", "soldToContact"} {
			if in[contact] != nil {
				in.set(contact, in.object(contact).rename("zipCode=postalCode"))
			}
		}
		maps.Copy(in, in.object("customFields"))
		c.in, in = in.without("customFields"), c.in
		key = createAccount(c).(record).text("accountNumber")
		c.in = in
	}
	account := c.find("Account", key)
	if status := cmp.Or(c.in.text("status"), "Completed"); status != "Completed" {
		c.cannot("create an order that is %s", status)
	}
	in := c.in.without("processingOptions newAccount existingAccountId")
	maps.Copy(in, account.pick("accountId=id existingAccountNumber=accountNumber currency"))
	order := c.add("Order", in.set("status", "Completed"))
	out := order.pick("orderId=id orderNumber status accountId accountNumber").set("success", true)
	c.process(account, order, out)
	if options.text("runBilling") == "true" {
		target := cmp.Or(options.object("billingOptions").text("targetDate"), order.text("orderDate"))
		if invoice := c.bill(account, target); invoice != nil {
			c.setStatus(invoice, "Posted")
			out.set("invoiceNumbers", []any{invoice["invoiceNumber"]}, "invoiceIds", []any{invoice["id"]})
		}
	}
	return out
}

// process carries out the actions of an order.
func (c *call) process(account, order, out record) {
	entries, results, numbers, ids := order.list("subscriptions"), []record{}, []any{}, []any{}
	for _, entry := range entries {
		var sub record
		if number := entry.text("subscriptionNumber"); number != "" {
			if sub = c.find("Subscription", number); !bytes.Equal(sub["accountId"], account["id"]) {
				c.cannot("change the subscription %s, which is another account's", number)
			}
		}
		for _, action := range entry.list("orderActions") {
			kind := cmp.Or(action.text("type"), "?")
			in, day := action.object(strings.ToLower(kind[:1])+kind[1:]), order["orderDate"]
			for _, trigger := range action.list("triggerDates") {
				if trigger.text("name") == "ContractEffective" {
					day = trigger["triggerDate"]
				}
			}
			switch {
			case kind == "CreateSubscription" && sub == nil:
				sub = c.subscribe(account, c.ordered(in, entry).set("contractEffectiveDate", day))
			case sub == nil:
				c.missing("subscriptionNumber")
			case kind == "AddProduct":
				c.addPlan(account, sub, in)
			case slices.Contains([]string{"CancelSubscription", "Suspend", "Resume", "RenewSubscription"}, kind):
				c.change(sub, strings.TrimSuffix(strings.ToLower(kind), "subscription"), in)
			default:
				c.cannot("do the order action %s", kind)
			}
		}
		if sub == nil {
			c.missing("orderActions")
			continue
		}
		sub["orderNumber"], entry["subscriptionNumber"] = order["orderNumber"], sub["subscriptionNumber"]
		results = append(results, sub.pick("subscriptionNumber subscriptionId=id status"))
		numbers, ids = append(numbers, sub["subscriptionNumber"]), append(ids, sub["id"])
	}
	order.set("subscriptions", entries)
	out.set("subscriptions", results, "subscriptionNumbers", numbers, "subscriptionIds", ids)
}

// ordered returns the request for a subscription that an order creates, in the form of
// POST /v1/subscriptions.
func (c *call) ordered(in, entry record) record {
	c.refuse(in, "newSubscriptionOwnerAccount subscriptionOwnerAccountNumber")
	terms := in.object("terms")
	initial, out := terms.object("initialTerm"), in.without("terms")
	maps.Copy(out, entry.object("customFields"))
	maps.Copy(out, terms.pick("autoRenew renewalSetting"))
	maps.Copy(out, initial.pick("initialTerm=period initialTermPeriodType=periodType"))
	for _, renewal := range terms.list("renewalTerms") {
		maps.Copy(out, renewal.pick("renewalTerm=period renewalTermPeriodType=periodType"))
	}
	return out.set("termType", cmp.Or(initial.text("termType"), "EVERGREEN"))
}

func createInvoice(c *call) any {
	return c.invoice(c.in).without(stamps+" currency accountNumber balance").set("success", true)
}

// invoice creates an invoice with the items in in.
func (c *call) invoice(in record) record {
	invoice := c.add("Invoice", in.without("invoiceItems status amount balance"))
	invoice.set("currency", c.find("Account", invoice.text("accountId"))["currency"], "dueDate", cmp.Or(in.text("dueDate"), in.text("invoiceDate")))
	for _, item := range in.list("invoiceItems") {
		c.refuse(item, "taxItems")
		for _, name := range []string{"amount", "balance", "amountWithoutTax"} {
			invoice.add(name, c.amount(item, "amount"))
		}
		kept := item.rename("chargeAmount=amount unitOfMeasure=uom").set("invoiceId", invoice["id"], "balance", item["amount"])
		kept.add("taxAmount", new(big.Rat))
		c.add("InvoiceItem", kept)
	}
	if status := cmp.Or(in.text("status"), "Draft"); status != "Draft" {
		c.setStatus(invoice, status)
	}
	return invoice
}

func updateInvoice(c *call, invoice record) any {
	c.refuse(c.in, "invoiceItems")
	c.update("Invoice", invoice, c.in)
	return c.show("Invoice", invoice).set("success", true)
}

// setStatus posts or cancels a draft.
func (c *call) setStatus(invoice record, status string) {
	if before := invoice.text("status"); before != "Draft" || status != "Posted" && status != "Canceled" {
		c.cannot("make an invoice %s that is %s", status, before)
	}
	if status == "Posted" {
		c.owe(c.find("Account", invoice.text("accountId")), c.amount(invoice, "balance"))
		invoice.set("postedOn", time.Now().Format(time.DateTime))
	}
	invoice.set("status", status)
}

func (c *call) owe(account record, amount *big.Rat) {
	account.add("balance", amount)
	account.add("totalInvoiceBalance", amount)
}

// bill creates an invoice for the charges of an account's active subscriptions. It bills
// each charge once for a target date. It returns nil if there is nothing to bill.
func (c *call) bill(account record, target string) record {
	var items []record
	for _, sub := range c.of("Subscription", "Account", account) {
		plans := sub.list("ratePlans")
		for _, plan := range plans {
			charges := plan.list("ratePlanCharges")
			for _, charge := range charges {
				from := cmp.Or(charge.text("chargedThroughDate"), sub.text("contractEffectiveDate"))
				if sub.text("status") != "Active" || from > target || charge.text("chargedThroughDate") == target {
					continue
				}
				item := charge.pick("amount=price chargeName=name productRatePlanChargeId")
				maps.Copy(item, sub.pick("subscriptionId=id subscriptionName=subscriptionNumber"))
				items = append(items, item.set("productName", plan["productName"], "serviceStartDate", from, "serviceEndDate", target))
				charge.set("chargedThroughDate", target)
			}
			plan.set("ratePlanCharges", charges)
		}
		sub.set("ratePlans", plans)
	}
	if len(items) == 0 {
		return nil
	}
	return c.invoice(record{}.set("accountId", account["id"], "invoiceDate", target, "targetDate", target, "invoiceItems", items))
}

func accountInvoice(c *call, invoice record) record {
	items := []record{}
	for _, item := range c.of("InvoiceItem", "Invoice", invoice) {
		items = append(items, c.show("InvoiceItem", item))
	}
	return invoice.pick("id invoiceNumber accountId accountNumber status invoiceDate dueDate invoiceTargetDate=targetDate amount balance").
		set("accountName", c.find("Account", invoice.text("accountId"))["name"], "invoiceItems", items)
}

func createPayment(c *call) any {
	c.refuse(c.in, "debitMemos standalone")
	in, parts := c.in.without("invoices status appliedAmount unappliedAmount refundAmount creditBalanceAmount"), c.in.list("invoices")
	if in.text("accountId") == "" && len(parts) > 0 {
		in["accountId"] = c.find("Invoice", parts[0].text("invoiceId"))["accountId"]
	}
	payment := c.add("Payment", in)
	account := c.find("Account", payment.text("accountId"))
	for _, r := range []struct {
		record
		name string
	}{{payment, "unappliedAmount"}, {account, "unappliedPaymentAmount"}} {
		r.add(r.name, c.amount(payment, "amount"))
	}
	c.apply(payment, account, parts, 1)
	return c.show("Payment", payment).set("success", true)
}

// apply applies a payment to invoices, or takes it back from them if sign is -1.
func (c *call) apply(payment, account record, parts []record, sign int64) {
	for _, part := range parts {
		c.refuse(part, "items")
		invoice, amount := c.find("Invoice", part.text("invoiceId")), c.amount(part, "amount")
		if amount.Sign() <= 0 {
			c.invalid("amount is not more than 0")
		}
		if invoice.text("status") != "Posted" || !bytes.Equal(invoice["accountId"], payment["accountId"]) {
			c.cannot("apply a payment to the invoice %s, which is not posted, or is not the account's", part.text("invoiceId"))
		}
		paid := payment.list("paidInvoices")
		at := slices.IndexFunc(paid, func(p record) bool { return bytes.Equal(p["invoiceId"], invoice["id"]) })
		if at < 0 {
			at, paid = len(paid), append(paid, invoice.pick("invoiceId=id invoiceNumber"))
		}
		more := new(big.Rat).Mul(amount, big.NewRat(sign, 1))
		less := new(big.Rat).Neg(more)
		paid[at].add("appliedPaymentAmount", more)
		payment.add("appliedAmount", more)
		payment.add("unappliedAmount", less)
		account.add("unappliedPaymentAmount", less)
		invoice.add("balance", less)
		c.owe(account, less)
		for _, left := range []json.RawMessage{paid[at]["appliedPaymentAmount"], payment["unappliedAmount"], invoice["balance"]} {
			if bytes.HasPrefix(left, []byte("-")) {
				c.invalid("amount is more than the payment or the invoice %s has", invoice.text("invoiceNumber"))
			}
		}
		payment.set("paidInvoices", paid)
	}
}

func accountPayment(c *call, payment record) record {
	return payment.pick("id paymentNumber=number type status accountId accountNumber amount effectiveDate paymentMethodId paidInvoices").
		set("accountName", c.find("Account", payment.text("accountId"))["name"])
}

// handleBilling registers the calls whose paths end in a verb, and two reads of an account.
func (s *state) handleBilling() {
	for _, verb := range []string{"cancel", "suspend", "resume", "renew"} {
		s.handle("PUT /v1/subscriptions/{key}/"+verb, func(c *call) any { return c.change(c.key("Subscription"), verb, c.in) })
	}
	for verb, sign := range map[string]int64{"apply": 1, "unapply": -1, "cancel": 0} {
		s.handle("PUT /v1/payments/{key}/"+verb, func(c *call) any {
			payment := c.key("Payment")
			account, applied := c.find("Account", payment.text("accountId")), c.amount(payment, "appliedAmount")
			if status := payment.text("status"); status != "Processed" || verb == "cancel" && applied.Sign() != 0 {
				c.cannot("%s a payment that is %s, with %s applied", verb, status, payment.text("appliedAmount"))
			}
			c.refuse(c.in, "debitMemos")
			if c.apply(payment, account, c.in.list("invoices"), sign); verb == "cancel" {
				account.add("unappliedPaymentAmount", new(big.Rat).Neg(c.amount(payment, "unappliedAmount")))
				payment.set("status", "Canceled", "cancelledOn", time.Now().Format(time.DateTime))
			}
			return c.show("Payment", payment).set("success", true)
		})
	}
	s.handle("GET /v1/accounts/{key}/summary", summary)
	s.handle("GET /v1/accounts/{key}/payment-methods", func(c *call) any { c.key("Account"); return ok() })
}
