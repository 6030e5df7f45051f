-- Pieces that several mappings share. What is empty is nil, so that it does not appear in the canonical document.
local text = {}

function text.some(s)
	if s == nil or s == "" then return nil end
	if type(s) == "string" then return s end
	if type(s) == "userdata" and #s == 0 then return nil end -- PHP writes [] for what is empty
	return tostring(s) -- of any other list or object: refused with its path
end

function text.join(a, b)
	a, b = text.some(a), text.some(b)
	if a and b then return a .. " " .. b end
	return a or b
end

-- Free text: control characters become blanks, and what is longer than the contract takes is cut at a whole character.
-- For what people write; ids, codes and amounts are taken as they are or refused.
function text.free(s, bytes)
	s = text.some(s)
	if not s then return nil end
	if string.find(s, "%c") then
		s = string.gsub(s, "%c", function(c) return (c == "\n" or c == "\t") and c or " " end)
	end
	if #s > bytes then
		local last = bytes
		while last > 0 and (string.byte(s, last + 1) & 0xC0) == 0x80 do last = last - 1 end
		s = string.sub(s, 1, last)
	end
	return s
end

-- A GTIN of 8, 12, 13 or 14 digits, or nil: shops write all kinds of things where one belongs.
function text.gtin(s)
	s = text.some(s)
	if not s or (#s ~= 8 and (#s < 12 or #s > 14)) or string.find(s, "%D") then return nil end
	return s
end

-- The same as GTIN-14, which a UPC-12 and an EAN-13 are with zeros in front: partners write one item in either.
function text.gtin14(s)
	s = text.gtin(s)
	return s and string.rep("0", 14 - #s) .. s
end

-- An amount that must be there; refused with its path when it is none.
function text.amount(value, currency, path)
	if value == nil then refuse("field-missing", path, "is required: an amount of " .. tostring(currency)) end
	local minor = type(value) == "string" and type(currency) == "string" and money(value, currency)
	if not minor then refuse("field-type", path, "is no amount of " .. tostring(currency)) end
	return minor
end

return text
