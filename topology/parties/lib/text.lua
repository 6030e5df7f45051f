-- Pieces that several mappings share. What is empty is nil, so that it does not appear in the canonical document.
local text = {}

function text.some(s)
	if s == nil or s == "" then return nil end
	return tostring(s)
end

function text.join(a, b)
	a, b = text.some(a), text.some(b)
	if a and b then return a .. " " .. b end
	return a or b
end

-- An amount that must be there; refused with its path when it is none.
function text.amount(value, currency, path)
	if value == nil then refuse("field-missing", path, "is required: an amount of " .. tostring(currency)) end
	local minor = money(value, currency or "")
	if not minor then refuse("field-type", path, "is no amount of " .. tostring(currency)) end
	return minor
end

return text
