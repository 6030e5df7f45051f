-- What in the books does not balance, a line each; nothing when all does.
SELECT 'stock ' || s.item_no || ' ' || s.warehouse FROM tributary.stock s WHERE s.reserved_micro <>
  coalesce((SELECT sum(r.quantity_micro - r.shipped_micro) FROM tributary.reservations r WHERE r.item_no = s.item_no
            AND r.warehouse = s.warehouse AND r.state = 'open'), 0)
UNION ALL SELECT 'invoiced ' || order_id FROM report.orders WHERE state = 'invoiced' AND invoiced_minor <> total_minor
UNION ALL SELECT 'numbers' FROM tributary.invoice_numbers n
  WHERE n.last_number <> (SELECT count(*) FROM tributary.invoices)
UNION ALL SELECT 'documents ' || document_id FROM tributary.documents d WHERE d.outcome = 'order'
  AND NOT EXISTS (SELECT FROM tributary.orders o WHERE o.document_id = d.document_id)
  AND NOT EXISTS (SELECT FROM tributary.order_revisions r WHERE r.document_id = d.document_id)
