#include "app/prune/outcome.hpp"

#include <ATen/ATen.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/public_text.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

std::int64_t count(const at::Tensor& tensor) {
  return tensor.defined() ? at::count_nonzero(tensor).item<std::int64_t>() : 0;
}

std::int64_t parameters(const llm::Layer& layer) {
  std::int64_t sum = 0;
  for (const auto* norm : {&layer.input_norm, &layer.post_attn_norm, &layer.q_norm, &layer.k_norm})
    sum += count(*norm);
  for (const auto p : llm::all_projections)
    sum += count(layer.projection(p).weight) + count(layer.projection(p).bias);
  return sum;
}

std::int64_t parameters(const llm::Model& model) {
  std::int64_t sum = count(model.embedding) + count(model.final_norm);
  if (!model.config.tied_head) sum += count(model.head);
  for (const auto& layer : model.layers)
    sum += parameters(layer);
  return sum;
}

double share_gone(const Change<std::int64_t>& change) {
  return 1 - static_cast<double>(change.after) / static_cast<double>(change.before);
}

}  // namespace

PruningOutcome compare(const llm::Model& base, const llm::Model& variant, const llm::PruningRecord& record,
                       const llm::Calibration& held_out) {
  PruningOutcome outcome{.record = record,
                         .parameters = {.before = parameters(base), .after = parameters(variant)},
                         .layers = {},
                         .perplexity = {}};
  for (std::size_t l = 0; l < base.layers.size(); ++l)
    outcome.layers.push_back({.before = parameters(base.layers[l]), .after = parameters(variant.layers[l])});
  if (!held_out.empty()) {
    outcome.perplexity = {.before = perplexity(base, held_out), .after = perplexity(variant, held_out)};
    for (const auto& text : held_out.texts)
      outcome.tokens += std::ssize(text) - 1;
  }
  return outcome;
}

nlohmann::ordered_json json_of(const PruningOutcome& outcome, const std::string& out) {
  using json = nlohmann::ordered_json;
  json layers = json::array();
  for (std::size_t l = 0; l < outcome.layers.size(); ++l)
    layers.push_back({{"layer", l},
                      {"kv_heads", outcome.record.layers[l].kv_heads},
                      {"neurons", outcome.record.layers[l].neurons},
                      {"parameters_before", outcome.layers[l].before},
                      {"parameters_after", outcome.layers[l].after}});
  json object = {{"method", outcome.record.method},
                 {"ratio", outcome.record.ratio},
                 {"parameters_before", outcome.parameters.before},
                 {"parameters_after", outcome.parameters.after},
                 {"perplexity_before", nullptr},
                 {"perplexity_after", nullptr},
                 {"perplexity_tokens", outcome.tokens},
                 {"layers", std::move(layers)},
                 {"out", out}};
  if (outcome.perplexity) {
    object["perplexity_before"] = outcome.perplexity->before;
    object["perplexity_after"] = outcome.perplexity->after;
  }
  return object;
}

std::string text_of(const PruningOutcome& outcome) {
  std::string text = fmt::format("{} at ratio {}\n  layer  KV heads  neurons   parameters        left      gone\n",
                                 outcome.record.method, outcome.record.ratio);
  for (std::size_t l = 0; l < outcome.layers.size(); ++l) {
    const auto& layer = outcome.layers[l];
    text += fmt::format("{:7}  {:8}  {:7}  {:11}  {:10}  {:6.1f} %\n", l, outcome.record.layers[l].kv_heads.size(),
                        outcome.record.layers[l].neurons.size(), layer.before, layer.after, 100 * share_gone(layer));
  }
  text += fmt::format("  model                     {:11}  {:10}  {:6.1f} %\n", outcome.parameters.before,
                      outcome.parameters.after, 100 * share_gone(outcome.parameters));
  if (outcome.perplexity)
    text += fmt::format("perplexity {:.3f} before, {:.3f} after, on {} tokens kept aside\n", outcome.perplexity->before,
                        outcome.perplexity->after, outcome.tokens);
  return text;
}

void require_unpruned(const llm::ModelConfig& config, const std::filesystem::path& folder) {
  if (config.layer_widths.empty()) return;
  throw InputError{Mistake{.file = (folder / "config.json").string(),
                           .key = "edgefuse_layers",
                           .problem = "the model is already pruned, each layer to widths of its own",
                           .remedy = "give the base it was pruned from"}};
}

}  // namespace edgefuse::app
