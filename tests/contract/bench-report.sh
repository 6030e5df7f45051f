#!/bin/bash
# The benchmark's page: well-formed, with the figures in it, and nothing from elsewhere.
cd "$(dirname "$0")/../.."
page=$(mktemp)
trap 'rm -f "$page" "$page.part"' EXIT
check() { if "${@:2}" >/dev/null 2>&1; then echo "ok bench report, $1"; else echo "not ok bench report, $1"; fi; }
is_well_formed() { python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$1"; }
says() { # says TEXT… - each in a text of the page, not in its style
	python3 - "$page" "$@" <<-'EOF'
		import sys, xml.etree.ElementTree as tree
		texts = [(e.text or "").strip() for e in tree.parse(sys.argv[1]).iter() if not e.tag.endswith("style")]
		sys.exit(", ".join(t for t in sys.argv[2:] if not any(t in x for x in texts)) or None)
	EOF
}
refers_to_nothing() { ! grep -qE '(src|href|@import|url\()' "$page" && ! grep -o 'https\?://[^"]*' "$page" | grep -vq '^http://www.w3.org/'; }

python3 tests/bench/report.py tests/contract/bench-report.json >"$page" || exit 1
check "it is well-formed XML" is_well_formed "$page"
check "it has each figure" says 913 1,487 0.61 556 440 311 418 43.1 6.30 21,357 8.10 42.7 19,211 34 118 187 239 11,234 30,123 1,631 2,953 1,717 2,626
check "its pictures have titles and units" says "Orders per second over time" "seconds since the first publish" "orders per second" \
	"milliseconds from publish to invoice, without the warehouse's own 200" "microseconds of CPU per order" "bytes per order" "MiB, resident"
check "text of the JSON stays text" says "allocate & <more>"
check "it needs nothing from elsewhere" refers_to_nothing
echo '{"orders": 10, "done": {}, "orders_per_second": {}}' >"$page.part"
python3 tests/bench/report.py "$page.part" >"$page"
check "what was not measured is left out" is_well_formed "$page"
echo '{"sizes": [{"orders": 0, "latency_p50_ms": 30, "zero": 0}, {"orders": 100000, "latency_p50_ms": 33, "zero": 1}]}' >"$page.part"
python3 tests/bench/report.py tests/contract/bench-report.json "$page.part" >"$page"
check "growth is in it, with its ratios" says 100,000 1.10
