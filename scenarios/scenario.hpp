#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/exchange.hpp"
#include "scenarios/offer.hpp"
#include "scenarios/source.hpp"
#include "scenarios/world.hpp"
#include "sim/parameters.hpp"
#include "sim/units.hpp"

/// What a scenario file says, as plain data. Each member is a key of the file; docs/formats/scenario.md tells what the
/// keys mean, and scenarios/schema.hpp holds their types, defaults and ranges. Names of methods and devices are text
/// here: the registries that know them check them.
namespace edgefuse::scenarios {

enum class Fidelity : std::uint8_t { learning, timing };
enum class Precision : std::uint8_t { fp32, bf16 };
enum class Optimiser : std::uint8_t { adamw, sgd };
enum class Schedule : std::uint8_t { constant, cosine, linear };
enum class Storage : std::uint8_t { fp32, fp16, int8, nf4 };
enum class Loss : std::uint8_t { answer, full };
enum class PromptFormat : std::uint8_t { headings, chatml };
enum class TextUnit : std::uint8_t { paragraph, speaker };
enum class AdapterStart : std::uint8_t { own, shared, gradient };
enum class TrainedFactors : std::uint8_t { both, b, alternate, core };
enum class SharedFactors : std::uint8_t { both, a };
enum class EvaluatedModel : std::uint8_t { base, adapters, fused };

struct Base {
  std::string model = "atlas";  // the embedded base, or a Hugging Face folder
  Storage storage = Storage::fp16;

  friend bool operator==(const Base&, const Base&) = default;
};

struct Atlas {
  std::uint64_t seed = 1;
  std::uint64_t public_seed = 1;
  std::int64_t domains = 8;
  std::int64_t public_entities = 8;
  std::int64_t private_entities = 6;
  std::int64_t relations = 4;
  std::int64_t values = 8;
  double conflict = 0;

  friend bool operator==(const Atlas&, const Atlas&) = default;
};

struct Data {
  std::string source = "atlas";  // "atlas", "mmlu", "instructions", "text", "none"
  std::vector<std::string> paths;
  std::string partitioner = "by-domain";
  Settings partitioner_settings;
  std::string level = "subcategory";             // what is a domain of MMLU: "subject", "subcategory", "category"
  PromptFormat prompt = PromptFormat::headings;  // of source "instructions"
  TextUnit text_unit = TextUnit::paragraph;
  double held_out = 0.1;
  std::int64_t max_tokens = 256;
  std::optional<std::int64_t> examples_per_client;  // at most so many; exactly so many when source is "none"
  Atlas atlas;

  friend bool operator==(const Data&, const Data&) = default;
};

/// HetLoRA's: a client gives up ranks that its training made smaller.
struct SelfPruning {
  double decay = 1;  // of the ranks, that share stays; 1: none is given up
  double penalty = 0;

  friend bool operator==(const SelfPruning&, const SelfPruning&) = default;
};

struct Adapter {
  std::int64_t rank = 8;
  std::optional<std::vector<std::int64_t>> ranks;  // on offer; `rank` alone where they are not set
  double alpha = 16;
  bool rslora = false;
  AdapterStart start = AdapterStart::own;
  TrainedFactors trains = TrainedFactors::both;
  SharedFactors shares = SharedFactors::both;
  std::vector<std::string> targets = {"q", "k", "v", "o", "gate", "up", "down"};
  SelfPruning self_pruning;

  friend bool operator==(const Adapter&, const Adapter&) = default;
};

struct Training {
  std::optional<std::int64_t> epochs;  // exactly one of epochs and steps is set
  std::optional<std::int64_t> steps;
  std::int64_t batch = 8;
  std::int64_t accumulation = 1;
  Optimiser optimiser = Optimiser::adamw;
  double momentum = 0;
  double learning_rate = 1e-3;
  Schedule schedule = Schedule::cosine;
  double warm_up = 0;
  double weight_decay = 0;
  double clip_norm = 1;  // 0 = no clipping
  double proximal = 0;
  bool control_variates = false;
  double dropout = 0;
  bool recompute = false;
  Loss loss = Loss::answer;
  Precision precision = Precision::fp32;
  std::int64_t gang = 8;

  friend bool operator==(const Training&, const Training&) = default;
};

struct Protocol {
  std::string kind = "synchronous";
  Settings settings;
  std::int64_t rounds = 1;
  std::int64_t clients_per_round = 0;  // never 0 once loaded: everybody is the default

  friend bool operator==(const Protocol&, const Protocol&) = default;
};

struct Selection {
  std::string method = "uniform";
  Settings settings;

  friend bool operator==(const Selection&, const Selection&) = default;
};

struct Evaluation {
  std::vector<EvaluatedModel> models = {EvaluatedModel::base, EvaluatedModel::adapters, EvaluatedModel::fused};
  std::int64_t every = 0;           // rounds; 0 = only after the last
  std::int64_t questions = 0;       // per domain
  std::int64_t composites = 0;      // cross-domain instances
  std::int64_t composite_size = 2;  // questions in one of them, K
  bool held_out_loss = false;

  friend bool operator==(const Evaluation&, const Evaluation&) = default;
};

struct Output {
  std::string file;  // results/runs/NAME.h5 by default
  bool clients = true;
  bool plans = true;
  bool events = true;
  bool conflict = false;

  friend bool operator==(const Output&, const Output&) = default;
};

struct Scenario {
  std::string name;
  std::string question;  // what the run is to answer, in a sentence
  std::uint64_t seed = 1;
  Fidelity fidelity = Fidelity::learning;
  Base base;
  Data data;
  PublicText public_text;
  Fleet fleet;
  Network network;
  Failures failures;
  Battery battery;
  Energy energy;
  Pruning pruning;
  Recovery recovery;
  Adapter adapter;
  Training training;
  Compression compression;
  Protocol protocol;
  Selection selection;
  Fusion fusion;
  Evaluation evaluation;
  Output output;
  Source source;

  friend bool operator==(const Scenario&, const Scenario&) = default;
};

/// Reads and checks a scenario file. An override is "key=value" as `--set` takes it: the key as in messages
/// ("network.uplink", "fusion.arm[1].rule"), the value as in the file, quotes optional. Throws one InputError with
/// every mistake of the file and the overrides.
[[nodiscard]] Scenario load_scenario(const std::filesystem::path& file, std::span<const std::string> overrides = {});
/// The same for text that is already in memory; `name` stands for the file in messages.
[[nodiscard]] Scenario parse_scenario(std::string_view text, const std::string& name,
                                      std::span<const std::string> overrides = {});

/// The scenario with every default written out, as canonical TOML: parse_scenario(resolved(s)) == s.
[[nodiscard]] std::string resolved(const Scenario& scenario);

/// The file or folder a path of a scenario means: "assets:X" lies in `assets`, all else relative to where the program
/// runs.
[[nodiscard]] std::filesystem::path locate(std::string_view path, const std::filesystem::path& assets);
/// The environment's EDGEFUSE_ASSETS, else "../shared".
[[nodiscard]] std::filesystem::path default_assets();

}  // namespace edgefuse::scenarios
