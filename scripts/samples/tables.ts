import type { Choice } from "./choice.js";

const firstNames = ["Ann", "Bildad", "Charity", "Elijah", "Fedallah", "Hosea", "Mapple", "Pip"];
const lastNames = ["Coffin", "Folger", "Gardner", "Hussey", "Macy", "Starbuck"];
const towns = ["Nantucket", "New Bedford", "Sag Harbor", "London"];
const items = ["oil", "candles", "rope", "biscuit", "harpoon", "compass", "sailcloth"];

/** Customers, as CSV with a header. Their names contain a comma. */
export function customers(choice: Choice, count: number): string {
  let csv = "customer,name,town\n";
  for (let customer = 1; customer <= count; customer++) {
    csv += `${idOf(customer)},"${choice.of(lastNames)}, ${choice.of(firstNames)}",${choice.mostlyFirstOf(towns)}\n`;
  }
  return csv;
}

/** Orders by some of the customers, by unknown customers, and without a customer. */
export function orders(choice: Choice, count: number, customerCount: number): string {
  let csv = "order,customer,item,dollars\n";
  for (let order = 1; order <= count; order++) {
    const customer = choice.below(40) === 0 ? "" : idOf(1 + choice.below(customerCount + 3));
    csv += `${1000 + order},${customer},${choice.mostlyFirstOf(items)},${1 + choice.below(60)}\n`;
  }
  return csv;
}

function idOf(customer: number): string {
  return `c${String(customer).padStart(2, "0")}`;
}
