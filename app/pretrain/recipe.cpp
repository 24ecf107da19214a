#include "app/pretrain/recipe.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "scenarios/codec.hpp"
#include "scenarios/key.hpp"
#include "scenarios/tree.hpp"
#include "sim/error.hpp"
#include "sim/input_file.hpp"

namespace edgefuse::app {
namespace {

using scenarios::key;
using scenarios::Number;
using scenarios::Whole;

template <class Owner>
using Keys = std::vector<scenarios::Key<Owner>>;

/// Reads tables key by key; everything wrong is noted, and thrown together at the end.
class TableReader {
 public:
  explicit TableReader(std::string file) : file_{std::move(file)} {}

  template <class Owner>
  void read(const scenarios::Table& table, const std::string& path, const Keys<Owner>& keys, Owner& owner,
            std::span<const std::string_view> tables = {}) {
    for (const auto& [name, node] : table.entries) {
      if (std::ranges::find(tables, name) != tables.end()) continue;
      const auto known = std::ranges::find(keys, name, [](const auto& candidate) { return candidate.name; });
      if (known == keys.end()) {
        unknown(node, path + name, keys, tables);
      } else if (auto complaint = known->read(owner, node)) {
        complain(node, path + name, std::move(complaint->problem), std::move(complaint->remedy));
      }
    }
  }

  template <class Owner>
  void read_table(scenarios::Table& root, const std::string& name, const Keys<Owner>& keys, Owner& owner) {
    const auto* node = root.find(name);
    if (node == nullptr) return;
    if (const auto* table = std::get_if<scenarios::Table>(&node->value)) return read(*table, name + '.', keys, owner);
    complain(*node, name, "is not a table", fmt::format("write [{}] above its keys", name));
  }

  template <class Owner>
  void read_list(scenarios::Table& root, const std::string& name, const Keys<Owner>& keys, std::vector<Owner>& owners) {
    const auto* node = root.find(name);
    if (node == nullptr) return;
    const auto* list = std::get_if<scenarios::List>(&node->value);
    if (list == nullptr) return complain(*node, name, "is not a list of tables", fmt::format("write [[{}]]", name));
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      const auto* table = std::get_if<scenarios::Table>(&list->items[i].value);
      if (table == nullptr)
        return complain(*node, name, "is not a list of tables", fmt::format("write [[{}]] above each", name));
      read(*table, fmt::format("{}[{}].", name, i), keys, owners.emplace_back());
    }
  }

  void complain(std::string name, std::string problem, std::string remedy) {
    mistakes_.push_back({file_, 0, std::move(name), std::move(problem), std::move(remedy)});
  }
  void finish() {
    if (!mistakes_.empty()) throw InputError{std::move(mistakes_)};
  }

 private:
  void complain(const scenarios::Node& node, std::string name, std::string problem, std::string remedy) {
    mistakes_.push_back({file_, node.origin.line, std::move(name), std::move(problem), std::move(remedy)});
  }

  template <class Owner>
  void unknown(const scenarios::Node& node, const std::string& name, const Keys<Owner>& keys,
               std::span<const std::string_view> tables) {
    std::vector<std::string_view> names{tables.begin(), tables.end()};
    for (const auto& known : keys)
      names.push_back(known.name);
    const auto dot = name.rfind('.');
    const auto near = nearest(dot == std::string::npos ? name : name.substr(dot + 1), names);
    complain(
        node, name, "unknown key",
        near.empty() ? fmt::format("use one of {}", fmt::join(names, ", ")) : fmt::format("did you mean {}?", near));
  }

  std::string file_;
  std::vector<Mistake> mistakes_;
};

Keys<data::atlas::AtlasOptions> world_keys() {
  using data::atlas::AtlasOptions;
  return {key("public_seed", &AtlasOptions::public_seed, Whole{}, "of all that is public"),
          key("domains", &AtlasOptions::domains, Whole{1}, "domains"),
          key("public_entities", &AtlasOptions::public_entities, Whole{1}, "entities of a domain"),
          key("relations", &AtlasOptions::relations, Whole{1}, "facts of an entity"),
          key("values", &AtlasOptions::values, Whole{4}, "values of a relation")};
}

Keys<llm::ModelConfig> model_keys() {
  using llm::ModelConfig;
  return {key("hidden", &ModelConfig::hidden, Whole{1}, "width of the residual stream"),
          key("intermediate", &ModelConfig::intermediate, Whole{1}, "neurons of an MLP"),
          key("layers", &ModelConfig::layers, Whole{1}, "blocks"),
          key("heads", &ModelConfig::heads, Whole{1}, "query heads"),
          key("kv_heads", &ModelConfig::kv_heads, Whole{1}, "key and value heads"),
          key("head_dim", &ModelConfig::head_dim, Whole{2}, "width of a head"),
          key("max_positions", &ModelConfig::max_positions, Whole{1}, "longest sequence"),
          key("rope_theta", &ModelConfig::rope_theta, Number{1}, "base of the rotation frequencies")};
}

Keys<llm::PretrainingOptions> training_keys() {
  using llm::PretrainingOptions;
  constexpr auto open = Number::End::open;
  return {key("warm_up", &PretrainingOptions::warm_up, Whole{0}, "steps"),
          key("learning_rate", &PretrainingOptions::learning_rate, Number{.min = 0, .at_min = open}, "peak"),
          key("weight_decay", &PretrainingOptions::weight_decay, Number{0}, "of matrices"),
          key("beta1", &PretrainingOptions::beta1, Number{.min = 0, .max = 1, .at_max = open}, "AdamW"),
          key("beta2", &PretrainingOptions::beta2, Number{.min = 0, .max = 1, .at_max = open}, "AdamW"),
          key("clip_norm", &PretrainingOptions::clip_norm, Number{.min = 0, .at_min = open}, "global L2 norm")};
}

Keys<PretrainingWeights> weight_keys() {
  using W = PretrainingWeights;
  return {key("prompt", &W::prompt, Number{0, 1}, "of a prompt's token"),
          key("statements", &W::statements, Number{0}, "of statements"),
          key("composites", &W::composites, Number{0}, "of composites"),
          key("recognition_in_composites", &W::recognition_in_composites, Number{0, 1}, "share of their questions")};
}

Keys<PretrainingPhase> phase_keys() {
  using P = PretrainingPhase;
  return {key("steps", &P::steps, Whole{1}, "optimiser steps"),  key("statements", &P::statements, Whole{0}, "rows"),
          key("drills", &P::drills, Whole{0}, "rows"),           key("choices", &P::choices, Whole{2, 4}, "of a drill"),
          key("recognition", &P::recognition, Whole{0}, "rows"), key("questions", &P::questions, Whole{0}, "rows"),
          key("composites", &P::composites, Whole{0}, "rows")};
}

Keys<PretrainingRecipe> root_keys() {
  using R = PretrainingRecipe;
  return {key("seed", &R::seed, Whole{}, "of initial weights and order of texts"),
          key("vocabulary", &R::vocabulary, Whole{257, 65536}, "tokens"),
          key("log_every", &R::log_every, Whole{1}, "steps"),
          key("log_questions", &R::log_questions, Whole{1}, "questions of each kind")};
}

void check(PretrainingRecipe& recipe, TableReader& reader) {
  const auto& model = recipe.model;
  for (const auto& [name, value] : {std::pair{"hidden", model.hidden},
                                    {"intermediate", model.intermediate},
                                    {"layers", model.layers},
                                    {"heads", model.heads},
                                    {"kv_heads", model.kv_heads},
                                    {"head_dim", model.head_dim}})
    if (value == 0) reader.complain(fmt::format("model.{}", name), "is missing", "a model has no default sizes");
  if (model.kv_heads > 0 && model.heads % model.kv_heads != 0)
    reader.complain("model.kv_heads", "do not divide the heads", "use a divisor of model.heads");
  if (model.head_dim % 2 != 0) reader.complain("model.head_dim", "is odd", "rotary positions need an even width");
  if (recipe.phases.empty()) reader.complain("phase", "is missing", "add a [[phase]] with its steps and rows");
  recipe.training.steps = 0;
  for (std::size_t i = 0; i < recipe.phases.size(); ++i) {
    const auto& p = recipe.phases[i];
    recipe.training.steps += p.steps;
    const auto name = fmt::format("phase[{}]", i);
    if (p.steps == 0) reader.complain(name + ".steps", "is missing", "say how long the phase is");
    if (p.statements + p.drills + p.recognition + p.questions + p.composites == 0)
      reader.complain(name, "reads nothing", "give it rows of at least one kind");
  }
}

}  // namespace

PretrainingRecipe load_recipe(const std::filesystem::path& file) {
  PretrainingRecipe recipe;
  recipe.text = read_text_file(file);
  auto root = scenarios::read_toml(recipe.text, file.string());
  recipe.model.model_type = "llama";
  recipe.model.max_positions = 512;
  recipe.model.tied_head = true;
  TableReader reader{file.string()};
  constexpr std::array<std::string_view, 5> tables = {"world", "model", "training", "weights", "phase"};
  reader.read(root, "", root_keys(), recipe, tables);
  reader.read_table(root, "world", world_keys(), recipe.world);
  reader.read_table(root, "model", model_keys(), recipe.model);
  reader.read_table(root, "training", training_keys(), recipe.training);
  reader.read_table(root, "weights", weight_keys(), recipe.weights);
  reader.read_list(root, "phase", phase_keys(), recipe.phases);
  check(recipe, reader);
  reader.finish();
  return recipe;
}

}  // namespace edgefuse::app
