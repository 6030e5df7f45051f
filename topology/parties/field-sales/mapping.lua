-- Orders of the field sales' tablets; the columns are in party.yaml. The key is the order's reference, which tells the seller.
-- Text is taken as it is written: a cell that begins with = + - or @ is data here, and is neutralised where we write CSV.
local text, amounts, adjustments, dates, numbers =
	lib("text"), lib("amounts"), lib("adjustments"), lib("dates"), lib("numbers")


local of_the_order = {
	"version", "action", "date", "customer", "contact", "email", "ship_company", "ship_name", "ship_street", "ship_street2",
	"ship_city", "ship_state", "ship_zip", "ship_country", "freight", "total", "note",
}

-- A unit is { rows = … } of one order. A row without a reference belongs to no order: it is refused alone.
local function split(doc)
	local units, by_order, rows = {}, {}, doc.rows
	for i = 1, #rows do
		local row = rows[i]
		local reference = row.order
		local unit = reference and by_order[reference]
		if not unit then
			unit = { rows = {} }
			units[#units + 1] = unit
			if reference then by_order[reference] = unit end
		end
		unit.rows[#unit.rows + 1] = row
	end
	return units
end

local function path_of(i, column)
	return "rows[" .. (i - 1) .. "]" .. (column and "." .. column or "")
end

-- What the rows say of the whole order, with the row that says it first: { value = { date = … }, row = { date = 1 } }.
local function header(rows)
	local head = { value = {}, row = {} }
	for i = 1, #rows do
		local row = rows[i]
		for _, column in ipairs(of_the_order) do
			local value, known = row[column], head.value[column]
			if value and known and value ~= known then
				hold("header-contradicts", path_of(i, column), "line " .. row.line .. " says " .. value .. ", line " ..
					rows[head.row[column]].line .. " says " .. known .. ": ask the seller, enter the order by hand, then dismiss this")
			end
			if value and not known then
				head.value[column], head.row[column] = value, i
			end
		end
	end
	return head
end

-- Its value and its path, for what reads it.
local function said(head, column)
	return head.value[column], path_of(head.row[column] or 1, column)
end

local function minor(value, path)
	if value == nil then return 0 end
	return text.amount(numbers.comma(value, path), party.currency, path)
end

local function line(row, i)
	if not row.item and not row.gtin then refuse("field-missing", path_of(i, "item"), "is required: the item or its gtin") end
	return {
		line_ref = row.position or tostring(i), sku = row.item, gtin = text.gtin14(row.gtin),
		description = text.free(row.description, 1024), quantity = numbers.comma(row.quantity, path_of(i, "quantity")),
		unit = row.unit, unit_price = numbers.comma(row.price, path_of(i, "price")),
		discount_minor = minor(row.discount, path_of(i, "discount")), tax_minor = minor(row.tax, path_of(i, "tax")),
		requires_shipping = true,
	}
end

local function ship_to(v)
	return {
		company = text.free(v.ship_company, 256), name = text.free(v.ship_name, 256), line1 = text.free(v.ship_street, 256),
		line2 = text.free(v.ship_street2, 256), city = text.free(v.ship_city, 128), region = text.free(v.ship_state, 64),
		postal_code = v.ship_zip, country = v.ship_country,
	}
end

-- A bad row refuses its order, and no other.
local function rows_check(rows)
	for i = 1, #rows do
		if rows[i].fault then refuse("csv-row", path_of(i), rows[i].fault) end
		if not rows[i].order then
			refuse("field-missing", path_of(i, "order"), "is required: the order's reference (line " .. rows[i].line .. ")")
		end
	end
end

local function order(unit)
	local rows, lines, beside = unit.rows, {}, {}
	about(rows[1].order or "line " .. rows[1].line)
	rows_check(rows)
	local head = header(rows)
	local v, action = head.value, head.value.action or "new"
	if action == "draft" then ignore("order-draft", "a draft: it comes again when it is given") end
	if action ~= "new" and action ~= "cancel" then refuse("status-not-taken", "action", "is none of new, cancel, draft") end
	local result = {
		source_id = rows[1].order, source_number = rows[1].order, revision = v.version, kind = action,
		placed_at = dates.dotted(said(head, "date")), currency = party.currency,
		buyer = { account = v.customer, name = text.free(v.contact, 256), email = v.email }, payment_status = "pending",
	}
	if action == "cancel" then
		result.payment_status = "voided"
		return result
	end
	for i = 1, #rows do lines[i] = line(rows[i], i) end
	adjustments.add(beside, "shipping", "freight", minor(said(head, "freight")))
	result.lines, result.adjustments, result.ship_to, result.note = lines, beside, ship_to(v), text.free(v.note, 4096)
	-- Without a total there is nothing to compare with, and our own sum is stated.
	result.stated = { grand_minor = v.total and minor(said(head, "total")) or amounts.total(lines, beside, party.currency) }
	return result
end

return { split = split, order = order }
