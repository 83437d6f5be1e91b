/**
 * Revenue by country and month: a join of two inputs of different kinds, then sums.
 *
 *     mr run revenue.mjs          # mr.config.json names the files of both inputs
 *     mr cat --format table
 *
 * Step 1 joins orders (JSON Lines) with customers (CSV, separated by semicolons) by the customer's id. It is a left join:
 * an order by an unknown customer counts too, under the country `?`, and a counter says how many there were. Step 2 adds
 * the orders of each country and month up.
 *
 * Amounts are whole cents, so that sums are exact. `mr-output/mr-out-0.csv` has the result, with a header.
 */
const join = {
  inputs: { orders: "jsonl", customers: { input: "csv", csv: { delimiter: ";" } } },

  map: {
    orders(file, order, ctx) {
      const cents = order.items.reduce((sum, { cents, quantity }) => sum + cents * quantity, 0);
      ctx.emit(order.customer, { month: order.time.slice(0, 7), cents });
    },
    customers(file, row, ctx) {
      ctx.emit(row.id, { country: row.country });
    },
  },

  // Each key is a customer. Its values are all orders, and at most one row of the other input.
  *reduce(customer, values, ctx) {
    const country = values.find((value) => value.country !== undefined)?.country;
    const orders = values.filter((value) => value.month !== undefined);
    if (country === undefined) ctx.counter("orders of unknown customers").add(orders.length);
    for (const { month, cents } of orders) yield { country: country ?? "?", month, cents };
  },
};

const total = {
  map(customer, { country, month, cents }, ctx) {
    ctx.emit(JSON.stringify([country, month]), cents);
  },

  reduce(key, amounts) {
    const [country, month] = JSON.parse(key);
    return { country, month, orders: amounts.length, cents: amounts.reduce((sum, cents) => sum + cents, 0) };
  },

  writer: { format: "csv", columns: ["country", "month", "orders", "cents"], values: true },
};

export const steps = [join, total];
