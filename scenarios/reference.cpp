#include "scenarios/reference.hpp"

#include <fmt/format.h>

#include "scenarios/schema.hpp"

namespace edgefuse::scenarios {
namespace {

constexpr std::string_view introduction = R"(# Scenario files

A scenario is one [TOML](https://toml.io) file: everything a run depends on, its seed included. What it does not say has
the default given here; a result file holds the scenario with all of them written out.

- Quantities are text with a unit: `"20 Mbit/s"`, `"4 GB"` (1 GB = 10⁹ bytes), `"20 ms"`. A bare number is refused.
- An unknown key, method or device is an error, answered with the nearest known name. All mistakes of a file are
  reported together, each as `file:line: key: problem (remedy)`.
- A table of parameters, such as `{ lambda = 0.3 }`, holds what one method alone knows.
- `--set KEY=VALUE` changes one key for one run: `--set training.epochs=2`, `--set network.uplink="2 MB/s"`,
  `--set fusion.arm[1].rule=ties` (items of a list count from 0). The same checks hold.

The smallest scenario is a name and a fleet:

```toml
name = "smallest"

[[fleet.group]]
device = "raspberry-pi-5"
count = 8
```
)";

std::string default_of(const Key<Scenario>& key, const Scenario& defaults) {
  if (key.required) return "(required)";
  if (!key.default_text.empty()) return key.default_text;
  const auto value = key.write(defaults);
  return value && *value != "\"\"" ? fmt::format("`{}`", *value) : "(none)";
}

}  // namespace

std::string scenario_reference() {
  std::string page{introduction};
  for (const auto& section : scenario_schema()) {
    Scenario defaults;
    if (section.repeats) section.repeats->resize(defaults, 1);
    std::string title = section.path.empty() ? "Top" : fmt::format("`[{}]`", section.path);
    if (section.repeats) title = fmt::format("`[[{}]]`", section.path);
    page += fmt::format("\n## {}\n\n{}\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n", title,
                        section.doc);
    for (const auto& key : section.keys) {
      page += fmt::format("| `{}` | {} | {} | {} |\n", key.name, key.type, default_of(key, defaults), key.doc);
    }
  }
  return page;
}

}  // namespace edgefuse::scenarios
