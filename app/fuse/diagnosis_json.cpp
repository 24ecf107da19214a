#include "app/fuse/diagnosis_json.hpp"

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace edgefuse::app {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const std::optional<server::PrincipalCosines>& cosines) {
  if (!cosines) return nullptr;
  return {{"largest", cosines->largest}, {"mean", cosines->mean}};
}

ordered_json json_of(const server::PairDiagnostics& pair, const std::vector<std::string>& names) {
  return {{"adapters", {names.at(pair.first), names.at(pair.second)}},
          {"cosine", pair.cosine},
          {"sign_disagreement", pair.sign_disagreement},
          {"excess", pair.excess},
          {"overlap", pair.overlap},
          {"top_overlap", pair.top_overlap},
          {"norm_ratio", pair.norm_ratio},
          {"row_spaces", json_of(pair.rows)},
          {"column_spaces", json_of(pair.columns)}};
}

}  // namespace

ordered_json json_of(const std::vector<server::ModuleDiagnostics>& modules, const std::vector<std::string>& names) {
  auto all = ordered_json::array();
  for (const auto& module : modules) {
    auto pairs = ordered_json::array();
    for (const auto& pair : module.pairs)
      pairs.push_back(json_of(pair, names));
    all.push_back({{"module", module.module.name()},
                   {"adapters", module.changes},
                   {"mean_cosine", module.mean_cosine},
                   {"disagreement", module.disagreement},
                   {"excess", module.excess},
                   {"cancelled_mass", module.cancelled_mass},
                   {"pairs", std::move(pairs)}});
  }
  return all;
}

}  // namespace edgefuse::app
