#include "llm/pruning/record.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "llm/json_reader.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"
#include "sim/output_file.hpp"

namespace edgefuse::llm {
namespace {

using nlohmann::json;
using Numbers = std::vector<std::int64_t>;

constexpr std::int64_t record_format = 1;
constexpr std::int64_t largest = std::int64_t{1} << 31;
constexpr const char* remedy = "take the file that `edgefuse prune` wrote";

Numbers leading(const Numbers& order, std::int64_t count) {
  EDGEFUSE_EXPECTS(count <= std::ssize(order), "a variant keeps no more than there is");
  return {order.begin(), order.begin() + count};
}

Numbers ascending(Numbers numbers) {
  std::ranges::sort(numbers);
  return numbers;
}

/// Where in `kept`, a leading part of an importance order, the base's first, second, ... of them stands.
Numbers places(const Numbers& kept) {
  Numbers order(kept.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::int64_t i) { return kept[static_cast<std::size_t>(i)]; });
  return order;
}

Numbers read_kept(JsonReader& reader, const json& layer, const std::string& key, std::int64_t of) {
  const auto refuse = [&](std::string problem) {
    reader.note(key, std::move(problem), remedy);
    return Numbers{};
  };
  if (!layer.contains(key) || !layer[key].is_array()) return refuse("is no list of numbers");
  Numbers numbers;
  for (const auto& value : layer[key]) {
    if (!value.is_number_integer()) return refuse("holds something other than whole numbers");
    const auto number = value.get<std::int64_t>();
    if (number < 0 || number >= of)
      return refuse(fmt::format("holds {}, and the base has 0 to {}", value.dump(), of - 1));
    if (!numbers.empty() && number <= numbers.back())
      return refuse(fmt::format("holds {} after {}: they are to rise", number, numbers.back()));
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

KeptUnits kept_units(const ImportanceOrder& order, const VariantShape& shape) {
  KeptUnits kept;
  for (std::size_t l = 0; l < shape.layers.size(); ++l)
    kept.push_back({.kv_heads = ascending(leading(order.layers[l].kv_heads, shape.layers[l].kv_heads)),
                    .neurons = ascending(leading(order.layers[l].neurons, shape.layers[l].neurons))});
  return kept;
}

PruningRecord pruning_record(std::string method, const ModelConfig& base, const ImportanceOrder& order,
                             const VariantShape& shape) {
  return {.method = std::move(method),
          .ratio = shape.ratio,
          .kv_heads = base.kv_heads,
          .neurons = base.intermediate,
          .layers = kept_units(order, shape)};
}

Model in_base_order(const Model& variant, const ImportanceOrder& order) {
  ImportanceOrder back;
  for (std::size_t l = 0; l < variant.layers.size(); ++l)
    back.layers.push_back({.kv_heads = places(leading(order.layers[l].kv_heads, variant.kv_heads(l))),
                           .neurons = places(leading(order.layers[l].neurons, variant.layers[l].gate.out()))});
  return sort_by_importance(variant, back);
}

void write_pruning_record(const PruningRecord& record, const std::filesystem::path& folder) {
  json layers = json::array();
  for (const auto& layer : record.layers)
    layers.push_back({{"kv_heads", layer.kv_heads}, {"neurons", layer.neurons}});
  const json object = {{"format", record_format},
                       {"method", record.method},
                       {"ratio", record.ratio},
                       {"base", {{"kv_heads", record.kv_heads}, {"neurons", record.neurons}}},
                       {"layers", std::move(layers)}};
  write_text_file(folder / pruning_record_name, object.dump() + "\n");
}

PruningRecord read_pruning_record(const std::filesystem::path& folder) {
  const auto file = folder / pruning_record_name;
  if (!std::filesystem::exists(file))
    throw InputError{Mistake{.file = file.string(), .problem = "is missing", .remedy = remedy}};
  const json object = read_json_object(file);
  JsonReader reader{object, file};
  (void)reader.require("format", reader.integer("format", record_format, record_format));
  PruningRecord record;
  record.method = reader.require("method", reader.text("method"));
  record.ratio = reader.has("ratio") && object["ratio"].is_number() ? object["ratio"].get<double>() : -1;
  if (!(record.ratio >= 0 && record.ratio < 1)) reader.note("ratio", "is no number in [0, 1)", remedy);
  if (!reader.has("base") || !object["base"].is_object()) {
    reader.note("base", "is no object", remedy);
    reader.throw_mistakes();
  }
  JsonReader base{object["base"], file, "base."};
  record.kv_heads = base.require("kv_heads", base.integer("kv_heads", 1, largest));
  record.neurons = base.require("neurons", base.integer("neurons", 1, largest));
  reader.take(base);
  if (!reader.has("layers") || !object["layers"].is_array()) reader.note("layers", "is no list", remedy);
  reader.throw_mistakes();
  for (std::size_t l = 0; l < object["layers"].size(); ++l) {
    const auto& row = object["layers"][l];
    JsonReader layer{row, file, fmt::format("layers[{}].", l)};
    record.layers.push_back({.kv_heads = read_kept(layer, row, "kv_heads", record.kv_heads),
                             .neurons = read_kept(layer, row, "neurons", record.neurons)});
    reader.take(layer);
  }
  reader.throw_mistakes();
  return record;
}

void check_record_fits(const PruningRecord& record, const ModelConfig& config, const std::filesystem::path& origin) {
  const bool fits = std::ssize(record.layers) == config.layers && record.kv_heads == config.kv_heads &&
                    record.neurons == config.intermediate;
  if (!fits)
    throw InputError{Mistake{
        .file = origin.string(),
        .problem = fmt::format(
            "was pruned from {} layers of {} KV heads and {} neurons, and the base has {} of {} and {}",
            record.layers.size(), record.kv_heads, record.neurons, config.layers, config.kv_heads, config.intermediate),
        .remedy = "give the base that was pruned"}};
}

}  // namespace edgefuse::llm
