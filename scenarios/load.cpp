#include <fstream>
#include <iterator>

#include "scenarios/reader.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::scenarios {

Scenario parse_scenario(std::string_view text, const std::string& name, std::span<const std::string> overrides) {
  std::vector<Mistake> mistakes;
  auto root = read_toml(text, name);
  for (const auto& override : overrides)
    apply_override(root, override, mistakes);

  Scenario scenario;
  scenario.source = {name, std::string{text}, {overrides.begin(), overrides.end()}, {}};
  read_tree(root, scenario_schema(), scenario, mistakes);
  complete(scenario, mistakes);
  if (mistakes.empty()) return scenario;
  throw InputError{scenario.source.in_order(std::move(mistakes))};
}

Scenario load_scenario(const std::filesystem::path& file, std::span<const std::string> overrides) {
  std::ifstream stream{file, std::ios::binary};
  if (std::filesystem::is_directory(file)) {
    throw InputError{
        Mistake{file.string(), 0, "", "is a folder", "name a scenario file, such as scenarios/quickstart.toml"}};
  }
  if (!stream) {
    const auto* problem = std::filesystem::exists(file) ? "cannot be read" : "there is no such file";
    throw InputError{Mistake{file.string(), 0, "", problem, "name a scenario file, such as scenarios/quickstart.toml"}};
  }
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  return parse_scenario(text, file.string(), overrides);
}

}  // namespace edgefuse::scenarios
