#include "app/run/base_model.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "app/longest_text.hpp"
#include "app/prune/outcome.hpp"
#include "app/run/at_key.hpp"
#include "app/run/engine_options.hpp"
#include "app/run/methods.hpp"
#include "app/run/public_source.hpp"
#include "llm/encode.hpp"
#include "llm/tensor_names.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {
namespace {

std::filesystem::path model_folder(const scenarios::Scenario& scenario, const std::filesystem::path& assets) {
  const auto folder = scenario.base.model == "atlas" ? embedded_base() : scenarios::locate(scenario.base.model, assets);
  if (!std::filesystem::is_directory(folder))
    throw InputError{
        scenario.source.mistake("base.model", fmt::format("there is no folder {}", folder.string()),
                                scenario.base.model.starts_with("assets:")
                                    ? "EDGEFUSE_ASSETS is where assets: are looked for, ../shared by default"
                                    : "name a Hugging Face model folder, the one that holds config.json")};
  return folder;
}

std::vector<llm::VariantShape> offered_variants(const scenarios::Scenario& scenario, const Methods* methods,
                                                const llm::ModelConfig& config) {
  const auto options = pruning_options(scenario.pruning);
  return at_key(scenario, "pruning.ratios", [&] {
    std::vector<llm::VariantShape> shapes;
    for (const double ratio : scenario.pruning.ratios)
      shapes.push_back(methods != nullptr
                           ? methods->pruners.front()->shape(config, ratio, options.protection)
                           : llm::variant_shape(config, ratio, options.protection.first, options.protection.last));
    return shapes;
  });
}

bool looks_at_text(const scenarios::Scenario& scenario, const Methods* methods) {
  if (methods == nullptr) return false;
  return methods->pruners.front()->needs_calibration() || methods->policy->needs_quality() ||
         scenario.adapter.start == scenarios::AdapterStart::gradient || scenario.pruning.alignment.steps > 0 ||
         scenario.recovery.retraining.steps > 0 ||
         std::ranges::any_of(methods->arms, [](const Arm& arm) { return arm.rule->needs_public_text(); });
}

/// A matrix has only so many singular directions to begin with.
void require_rank_fits(const scenarios::Scenario& scenario, const llm::ModelConfig& config) {
  if (scenario.adapter.start != scenarios::AdapterStart::gradient) return;
  for (const auto target : lora_spec(scenario.adapter).targets) {
    const auto [out, in] = llm::base_shape(config, target);
    if (const auto most = std::min(out, in); scenario.adapter.rank > most)
      throw InputError{scenario.source.mistake(
          "adapter.rank",
          fmt::format("is {}, and {} is {} × {}", scenario.adapter.rank, llm::projection_name(target), out, in),
          fmt::format("give at most {}", most))};
  }
}

void require_texts_fit(const scenarios::Scenario& scenario, const llm::ModelConfig& config) {
  const auto most = longest_text(config);
  if (scenario.data.max_tokens <= most) return;
  const auto* what = most < config.max_positions ? "sliding window" : "max_position_embeddings";
  throw InputError{scenario.source.mistake(
      "data.max_tokens",
      fmt::format("is {}, and the model reads {} tokens (its {})", scenario.data.max_tokens, most, what),
      fmt::format("give at most {}, or choose another base.model", most))};
}

/// What the tokenizer puts before every text counts too, and at least one token has to be predicted.
void require_room_for_text(const scenarios::Scenario& scenario, const llm::Tokenizer& tokenizer) {
  const auto before = std::max<std::int64_t>(std::ssize(tokenizer.special_template().before), 1);
  if (scenario.data.max_tokens > before) return;
  throw InputError{scenario.source.mistake(
      "data.max_tokens",
      fmt::format("is {}, and the tokenizer begins every text with {} tokens", scenario.data.max_tokens, before),
      fmt::format("give at least {}", before + 1))};
}

}  // namespace

std::filesystem::path embedded_base() {
  const char* set = std::getenv("EDGEFUSE_DATA");
  return std::filesystem::path{set != nullptr ? set : EDGEFUSE_SOURCE_DATA} / "models" / "atlas-base";
}

BaseModel open_base(const scenarios::Scenario& scenario, const Methods* methods, const std::filesystem::path& assets) {
  const auto folder = model_folder(scenario, assets);
  Mistakes mistakes;
  const auto opened = [&](const auto& read) {
    return mistakes.attempt([&] { return at_key(scenario, "base.model", [&] { return read(folder); }); });
  };
  const auto config = opened(llm::read_config);
  if (config) mistakes.attempt([&] { require_unpruned(*config, folder); });
  auto variants =
      config ? mistakes.attempt([&] { return offered_variants(scenario, methods, *config); }) : std::nullopt;
  if (config) mistakes.attempt([&] { require_texts_fit(scenario, *config); });
  if (config) mistakes.attempt([&] { require_rank_fits(scenario, *config); });
  std::unique_ptr<llm::Tokenizer> tokenizer;
  const bool reads = scenario.data.source != "none" || looks_at_text(scenario, methods);
  if (reads) tokenizer = opened(llm::load_tokenizer).value_or(nullptr);
  if (tokenizer && scenario.data.source != "none")
    mistakes.attempt([&] { require_room_for_text(scenario, *tokenizer); });
  if (tokenizer && config) mistakes.attempt([&] { llm::check_tokenizer_fits(*tokenizer, *config, folder); });
  llm::Calibration calibration;
  llm::Calibration held_out;
  if (tokenizer && config && looks_at_text(scenario, methods))
    mistakes.attempt([&] {
      const auto text = public_text(scenario, assets, *tokenizer, *config);
      const Stretches stretches{.count = scenario.public_text.texts, .tokens = scenario.public_text.tokens};
      calibration = text.to_learn(stretches);
      held_out = text.held_out(stretches);
    });
  mistakes.finish();
  return {.folder = folder,
          .config = *config,
          .variants = std::move(*variants),
          .tokenizer = std::move(tokenizer),
          .calibration = std::move(calibration),
          .held_out = std::move(held_out)};
}

}  // namespace edgefuse::app
