-- What an order's total holds beside its lines. Nothing is added for nothing.
local adjustments = {}

-- amount and tax: integers of the minor unit, signed
function adjustments.add(list, kind, reason, amount, tax)
	tax = tax or 0
	if amount == 0 and tax == 0 then return end
	list[#list + 1] = { kind = kind, reason = reason, amount_minor = amount, tax_minor = tax }
end

return adjustments
