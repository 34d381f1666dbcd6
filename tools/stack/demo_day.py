"""One real day of a real shop, from its file of invoice lines. Run again, it changes nothing."""
import time
from datetime import date, timedelta

from . import shop_day, shop_file
from .client import eventually
from .demo import ZONE, check_figures, deliver, for_each, local_day, open_waves, pack_and_ship, publish_article, show, step, wait_all
from .process import Failed
from .reconcile import analytics_equal_orders, money
from .workflow import CARRIER, Workflow, someone

PLATFORM = "platform"


def run(shop, options):
    """The whole day; True when all services agree with the file at its end."""
    began = time.monotonic()
    show(f"Orders of one day, {options.day}, from {options.data}")
    workflow = Workflow(shop, patience=120, key_prefix=f"day-{options.day}")
    day = read(options)
    publish_articles(shop, workflow, day, options.threads)
    receive_goods(workflow, day, options.threads)
    orders = place_orders(workflow, day, options.threads)
    going = [orders[sale.invoice] for sale in day.sales if not sale.cancelled]
    wait_all(workflow, going, "orders reserved, paid and confirmed",
             lambda order: order["status"] in ("confirmed", "shipped", "delivered"), 300, options.threads)
    to_pack = [orders[sale.invoice] for sale in day.sales if not sale.cancelled and sale.to_pack]
    packed = pack(shop, workflow, to_pack, options)
    step(6, "Delivery")
    deliver(workflow, packed, options.threads)
    wait_all(workflow, to_pack, "orders delivered", lambda order: order["status"] == "delivered", 300, options.threads)
    refunded = refund(workflow, day, orders)
    first = date.fromisoformat(options.day)
    after = (first + timedelta(1)).isoformat()
    good = check_figures(shop, [
        lambda _: file_equals_analytics(workflow, day, after, refunded),
        lambda reconciliation: analytics_equal_orders(shop, reconciliation.orders, options.day, after,
                                                      lambda order: local_day(order) == first)], patience=120)
    show(f"   the whole day took {time.monotonic() - began:.0f} s")
    return good


def read(options):
    day = shop_day.read(options.data, options.day, ZONE)
    step(1, "Read the file")
    show(f"   {day.rows:,} invoice lines: {day.sale_lines:,} sale lines of {len(day.sales):,} invoices, "
         f"{sum(sale.units for sale in day.sales):,} units, {money(day.gross)}")
    show(f"   {day.refund_lines:,} cancellation lines of sales of the day")
    for reason, count in day.skipped.most_common():
        show(f"   {count:,} skipped: {reason}")
    if day.sale_lines + day.refund_lines + sum(day.skipped.values()) != day.rows:
        raise Failed("lines read are not lines booked and lines skipped")
    if not day.sales:
        raise Failed(f"no sale on {options.day} in {options.data}")
    return day


def publish_articles(shop, workflow, day, threads):
    step(2, "Articles: each is drafted by ann, approved by ben, and on sale on the platform")
    shop.orders.put(f"/v1/channels/{PLATFORM}", {"kind": "platform"}).expect(200, 201, 204)
    articles = day.articles
    new = for_each(lambda item: publish_article(shop, workflow, item[0], item[1][0], item[1][1], [PLATFORM],
                                                shop_file.has_stock(item[0])), articles.items(), "articles", threads)
    show(f"   {sum(new):,} new, {len(new) - sum(new):,} were on sale already; "
         f"{sum(not shop_file.has_stock(sku) for sku in articles)} of them (postage, fees) are not stocked")


def receive_goods(workflow, day, threads):
    step(3, "Goods received: the stock that the orders of the day need")
    demand = day.demand
    for_each(lambda item: workflow.book_in(item[0], item[1], reference=f"day-{day.date}"), sorted(demand.items()),
             "articles booked in", threads)
    show(f"   {sum(demand.values()):,} units in stock")


def place_orders(workflow, day, threads):
    """invoice → order; those that the file cancels as a whole are cancelled."""
    step(4, "Orders from the invoices")
    placed = for_each(lambda sale: place_sale(workflow, sale), day.sales, "orders placed, paid by the platform", threads)
    orders = {order["channel_ref"]: order for order in placed}
    show(f"   {money(sum(order['total'] for order in placed))} in all")
    cancelled = [sale for sale in day.sales if sale.cancelled]
    for sale in cancelled:
        workflow.call("orders", "POST", f"/v1/orders/{orders[sale.invoice]['id']}/cancel",
                      {"reason": "cancelled by the customer"}, workflow.key("cancel", sale.invoice), role="clerk",
                      expect=(200, 202, 409))
    show(f"   {len(cancelled)} cancelled as a whole before they were packed")
    return orders


def place_sale(workflow, sale):
    """One invoice as an order of the platform, at the platform's prices and time."""
    person = someone(sale.customer or f"guest-{sale.invoice}", f"Customer {sale.customer}" if sale.customer else "Guest",
                     country=shop_file.country(sale.country), city=sale.country)
    body = {"channel": PLATFORM, "channel_ref": sale.invoice, "currency": "GBP", **person, "placed_at": shop_file.utc(sale.at),
            "lines": [{"sku": line.sku, "quantity": line.quantity, "unit_price": line.price} for line in sale.lines],
            "payment": {"method": "platform", "amount": sale.total, "reference": f"platform-{sale.invoice}"}}
    order = eventually(lambda: workflow.call("orders", "POST", "/v1/orders", body, workflow.key("order", sale.invoice),
                                             role="storefront"), 60)
    if order["total"] != sale.total:
        raise Failed(f"invoice {sale.invoice} comes to {money(sale.total)}, its order to {money(order['total'])}")
    return order


def pack(shop, workflow, orders, options):
    """[(shipment, units)]"""
    step(5, "Waves, scans and shipments")
    for_each(lambda order: workflow.shipment(order["id"], timeout=120), orders, "shipments created", options.threads)
    waves = open_waves(shop, workflow)
    packed = for_each(lambda order: pack_and_ship(workflow, order, unit_by_unit=options.units), orders,
                      "packages packed, scanned and shipped", options.threads)
    show(f"   {sum(units for _, units in packed):,} units scanned, {waves} waves, {len(packed):,} packages with {CARRIER}")
    return packed


def refund(workflow, day, orders):
    """Refund what the file cancels in part; the sum of all refunds of the day."""
    step(7, "Refunds")
    partial = [(orders[sale.invoice], each) for sale in day.sales if not sale.cancelled for each in sale.refunds]
    for order, each in partial:
        workflow.call("orders", "POST", f"/v1/orders/{order['id']}/refunds", {
            "amount": each.amount, "reason": "cancelled by the customer", "reference": each.invoice,
            "refunded_at": shop_file.utc(each.at),
            "lines": [{"sku": line.sku, "quantity": line.quantity} for line in each.lines]},
            workflow.key("refund", each.invoice, order["channel_ref"]), role="cashier")
    cancelled = [sale for sale in day.sales if sale.cancelled]
    refunded = sum(each.amount for _, each in partial) + sum(sale.total for sale in cancelled)
    show(f"   {len(partial)} refunds in part, {len(cancelled)} orders as a whole: {money(refunded)}")
    return refunded


def file_equals_analytics(workflow, day, after, refunded):
    totals = workflow.sales(day.date, after)["totals"]
    units = sum(sale.units for sale in day.sales)
    holds = (totals["orders"], totals["gross"], totals["units"]) == (len(day.sales), day.gross, units)
    return ("the day equals the file", f"{totals['orders']:,} orders, {totals['units']:,} units, "
            f"{money(totals['gross'])} gross; the file has {len(day.sales):,}, {units:,}, {money(day.gross)}; "
            f"refunds {money(totals['refunded'])} of {money(refunded)}", holds and totals["refunded"] == refunded)
