import assert from "node:assert/strict";
import { metricsText } from "../../src/http/metrics.ts";
import { ADMIN, READER, testHttp } from "./fake_service.ts";

Deno.test("Each metric has a HELP line, a TYPE line and a line for each sample, with escaped label values", () => {
  const text = metricsText([
    { name: "turns_total", type: "counter", help: "Turns.\nAll \\ of them.", samples: [{ value: 2 }] },
    {
      name: "usable",
      type: "gauge",
      help: "Parts.",
      samples: [{ labels: { part: 'a "b"\\\n', of: "c" }, value: 0.5 }],
    },
  ]);
  assert.equal(
    text,
    "# HELP rosterd_turns_total Turns.\\nAll \\\\ of them.\n# TYPE rosterd_turns_total counter\nrosterd_turns_total 2\n" +
      '# HELP rosterd_usable Parts.\n# TYPE rosterd_usable gauge\nrosterd_usable{part="a \\"b\\"\\\\\\n",of="c"} 0.5\n',
  );
});

Deno.test("GET /metrics needs a token, accepts the read token, and declares its format", async () => {
  await using http = await testHttp();
  for (const [token, status] of [["wrong", 401], [READER, 200], [ADMIN, 200]] as const) {
    const answer = await http.app.request("/metrics", { headers: { authorization: `Bearer ${token}` } });
    assert.equal(answer.status, status);
    const text = await answer.text();
    if (status !== 200) continue;
    assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert.match(text, /^rosterd_turns_total 1$/m);
  }
});
