import { describe, expect, it } from "vitest";
import { parseReport, reportPage } from "../../src/status/report-page.js";
import { hostileText, viewOf } from "./job-views.js";

describe("a report's page", () => {
  const page = "<html><body><!--job--><script>1</script></body></html>";

  it("contains the whole view, in a data script that its contents cannot end", () => {
    const view = viewOf({ app: hostileText, failure: { message: hostileText, details: [hostileText] } });
    const html = reportPage(page, view);
    const [before = "", rest = ""] = html.split('<script type="application/json" id="job">');
    const [data = "", after = "", ...more] = rest.split("</script>");
    expect([before, after, more]).toEqual(["<html><body>", "<script>1", ["</body></html>"]]);
    expect(data).not.toMatch(/[<\u2028\u2029]/);
    expect(JSON.parse(data)).toEqual(view);
  });

  it("cannot be made from a page without a place for it, or with two", () => {
    expect(() => reportPage("<html></html>", viewOf())).toThrow("no place");
    expect(() => reportPage(`${page}${page}`, viewOf())).toThrow("no place");
  });
});

describe("a report", () => {
  it("is read as it was written", () => {
    expect(parseReport(JSON.stringify(viewOf()))).toEqual(viewOf());
  });

  it("that is truncated, of another version, or something else is rejected", () => {
    const text = JSON.stringify(viewOf());
    const others = ["", "null", "[]", text.slice(0, -1), text.replace('"version":1', '"version":2')];
    others.push(text.replace('"spans":[]', '"spans":[{}]'), text.replace('"job":"abcd"', '"job":7'));
    expect(others.map(parseReport)).toEqual(others.map(() => undefined));
  });
});
