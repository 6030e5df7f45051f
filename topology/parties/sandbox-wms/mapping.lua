-- The sandbox warehouse (ops/sandbox): what it is asked, and how it confirms.
local text = lib("text")

local function shipment(doc)
	local lines = {}
	about(doc.order_number)
	if doc.event ~= "shipment.confirmed" then ignore("event-ignored", "only shipment.confirmed concerns us") end
	-- An empty list would read as "all of it" in the contract; this warehouse always says what it shipped.
	if not doc.lines or #doc.lines == 0 then refuse("field-missing", "lines", "is required: what was shipped of each line") end
	for i = 1, #doc.lines do
		local l = doc.lines[i]
		lines[i] = { line_ref = l.reference, sku = l.sku, quantity = l.quantity }
	end
	return {
		shipment_id = doc.reference, partner_ref = doc.partner_reference, shipped_at = doc.shipped_at,
		carrier = text.some(doc.carrier), tracking_number = text.some(doc.tracking_number), lines = lines,
	}
end

local function shipment_request(doc)
	local lines, to = {}, doc.ship_to
	for i = 1, #doc.lines do
		local l = doc.lines[i]
		lines[i] = { reference = l.line_ref, sku = l.item_no, description = l.description, quantity = l.quantity }
	end
	return {
		reference = doc.shipment_id, order_number = doc.source_number, warehouse = doc.warehouse, lines = lines,
		ship_to = to and {
			name = to.name, company = to.company, address1 = to.line1, address2 = to.line2, city = to.city,
			region = to.region, postal_code = to.postal_code, country = to.country, phone = to.phone,
		},
	}
end

return { shipment = shipment, shipment_request = shipment_request }
