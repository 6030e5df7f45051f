-- Elements of an XML document as shared/formats/xml.h gives them: one without attributes and children is a text, any other
-- an object; several of one name are a list, one alone is none. Here each of these is an element.
local xml = {}

local function first(node)
	if type(node) == "userdata" and node[1] ~= nil then return node[1] end
	return node
end

-- All elements of one name, as a Lua list; none for none.
function xml.list(node)
	if node == nil then return {} end
	if type(node) ~= "userdata" or node[1] == nil then return { node } end
	local all = {}
	for i = 1, #node do all[i] = node[i] end
	return all
end

-- Its own text without the blanks around it; nil when there is none. Of several elements the first one's.
function xml.text(node)
	node = first(node)
	if type(node) == "userdata" then node = node["#text"] end
	return trim(node or "")
end

-- nil when it is missing or empty. Of several elements the first one's.
function xml.attribute(node, name)
	node = first(node)
	local value = type(node) == "userdata" and node["@" .. name]
	return value ~= "" and value or nil
end

-- The element at "Header.From.Credential", the first where there are several; nil as soon as one is missing.
xml.at = at_first

-- All children `name` of an element, as a Lua list.
function xml.below(node, name)
	node = first(node)
	return type(node) == "userdata" and xml.list(node[name]) or {}
end

-- The same, each with its path below `path`: { { node = , path = "OrderRequest.ItemOut[0]" }, … }.
function xml.each(node, name, path)
	local below, all, base = xml.below(node, name), {}, path and path .. "." .. name or name
	for i = 1, #below do all[i] = { node = below[i], path = #below > 1 and base .. "[" .. (i - 1) .. "]" or base } end
	return all
end

-- The texts of all children `name`, one after another; nil when there are none.
function xml.joined(node, name, separator)
	local parts, below = {}, xml.below(node, name)
	for i = 1, #below do parts[#parts + 1] = xml.text(below[i]) end
	return #parts > 0 and table.concat(parts, separator) or nil
end

return xml
