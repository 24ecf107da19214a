#include "scenarios/schema.hpp"

#include <fmt/format.h>

#include "data/atlas/limits.hpp"
#include "data/composer.hpp"

namespace edgefuse::scenarios {
namespace {

using Keys = std::vector<Key<Scenario>>;

constexpr auto open = Number::End::open;
constexpr std::int64_t a_billion = 1'000'000'000;

/// The keys of one table, found in a scenario by `find`.
template <class Owner, class Find>
Keys lifted(const std::vector<Key<Owner>>& keys, Find find) {
  Keys result;
  for (const auto& inner : keys)
    result.push_back(lift<Scenario>(inner, find));
  return result;
}

template <class Owner>
Section section(std::string path, std::string doc, Owner Scenario::*member, const std::vector<Key<Owner>>& keys) {
  return {std::move(path), std::move(doc), lifted(keys, [member](Scenario& s) -> Owner& { return s.*member; })};
}

template <class Owner>
Section data_section(std::string path, std::string doc, Owner Data::*member, const std::vector<Key<Owner>>& keys) {
  return {std::move(path), std::move(doc), lifted(keys, [member](Scenario& s) -> Owner& { return s.data.*member; })};
}

template <class Item, class FindList>
Section repeated(std::string path, std::string doc, FindList list, std::vector<Key<Item>> keys) {
  const auto of_item = [list, keys = std::move(keys)](std::size_t i) {
    return lifted(keys, [list, i](Scenario& s) -> Item& { return list(s)[i]; });
  };
  return {std::move(path), std::move(doc), of_item(0),
          Section::Repetition{[list](const Scenario& s) { return list(const_cast<Scenario&>(s)).size(); },
                              [list](Scenario& s, std::size_t count) { list(s).resize(count); }, of_item}};
}

Section top() {
  const auto self = [](Scenario& s) -> Scenario& { return s; };
  return {
      "", "Before the first table stands what the run is.",
      lifted(
          std::vector<Key<Scenario>>{
              key("name", &Scenario::name, Name{"name"}, "Names the run and its result file.").always(),
              key("question", &Scenario::question, Text{}, "What the run is to answer, in a sentence."),
              key("seed", &Scenario::seed, Whole{},
                  "Root of all randomness. Runs that differ in one key and share the seed share every draw that the "
                  "key does not touch."),
              key("fidelity", &Scenario::fidelity, Choice<Fidelity>{{{"learning", "timing"}}},
                  "Whether adapters are really trained. Under \"timing\" the same events happen at the same times, "
                  "and no tensor is touched."),
          },
          self)};
}

Section base() {
  return section(
      "base", "The cloud model that is pruned, trained on and fused into.", &Scenario::base,
      std::vector<Key<Base>>{
          key("model", &Base::model, Text{},
              "`\"atlas\"` is the embedded base; anything else is a Hugging Face folder of the Llama family."),
          key("storage", &Base::storage, Choice<Storage>{{{"fp32", "fp16", "int8", "nf4"}}},
              "How a client holds its variant and in what form that travels down. `int8` and `nf4` quantise the "
              "projections in blocks of 64, and clients really train on what is left (QLoRA); the rest stays fp16. "
              "`fp16` counts two bytes a number; its rounding, a thousandth of int8's, is not applied."),
      });
}

Section data() {
  return section(
      "data", "What the clients hold and what is kept back to evaluate on.", &Scenario::data,
      std::vector<Key<Data>>{
          key("source", &Data::source, Word{{{"atlas", "mmlu", "instructions", "text", "none"}}},
              "`atlas`: the generated world. `mmlu`: a folder of MMLU csv files. `instructions`: JSON or JSONL with "
              "Dolly's fields, one file or many. `text`: plain text. `none`: no data, under fidelity \"timing\"."),
          key("paths", &Data::paths, ListOf<Text>{{}, Items::distinct},
              "Files or folders to read. A folder stands for the `.json` and `.jsonl` files in it (source "
              "\"instructions\"), its `.txt` files (\"text\"), or the whole of MMLU. `assets:X` is looked for in "
              "`$EDGEFUSE_ASSETS` (default `../shared`), anything else from where the program runs."),
          key("partitioner", &Data::partitioner, Name{"name of a partitioner"},
              "How examples are divided among the clients: `iid`, `dirichlet`, `by-domain`, or `natural` (one client "
              "for "
              "each file or speaker)."),
          key("partitioner_settings", &Data::partitioner_settings, ParameterTable{},
              "The partitioner's own parameters, such as `{ alpha = 0.5 }` for `dirichlet`."),
          key("level", &Data::level, Word{{{"subject", "subcategory", "category"}}},
              "What counts as a domain of MMLU: one of 57 subjects, 17 subcategories or 4 categories, in the benchmark "
              "authors' own table. Clients train on the dev and val splits, evaluation asks the test split."),
          key("prompt", &Data::prompt, Choice<PromptFormat>{{{"headings", "chatml"}}},
              "How source \"instructions\" is put to the model. `headings`: \"### Instruction:\" and \"### "
              "Response:\". `chatml`: \"<|im_start|>user\", for models tuned with it."),
          key("text_unit", &Data::text_unit, Choice<TextUnit>{{{"paragraph", "speaker"}}},
              "How source \"text\" is cut. `paragraph`: empty lines separate, the file is the domain. `speaker`: each "
              "paragraph begins with \"NAME:\", and NAME is the domain."),
          key("held_out", &Data::held_out, Number{0, 1, Number::End::closed, open},
              "Share of every domain's (under `natural`, every client's) examples that nobody trains on and "
              "`evaluation.held_out_loss` is measured on. Without it nothing is held out."),
          key("max_tokens", &Data::max_tokens, Whole{8, 1'048'576}, "Longer examples are cut to so many tokens."),
          key("examples_per_client", &Data::examples_per_client, Whole{1, a_billion},
              "At most so many training examples each; exactly so many under source \"none\". All when left out."),
      });
}

Section atlas() {
  return data_section(
      "data.atlas", "The generated world of source \"atlas\" (docs/models/atlas.md).", &Data::atlas,
      std::vector<Key<Atlas>>{
          key("seed", &Atlas::seed, Whole{},
              "Seed of all that is private: what the clients hold and the base cannot know."),
          key("public_seed", &Atlas::public_seed, Whole{},
              "Seed of all that is public. The embedded base knows the world of seed 1 and the default sizes below."),
          key("domains", &Atlas::domains, Whole{2, data::atlas::most_domains}, "How many domains the world has."),
          key("public_entities", &Atlas::public_entities, Whole{1, data::atlas::most_entities},
              "Things everybody knows, in each domain."),
          key("private_entities", &Atlas::private_entities, Whole{1, data::atlas::most_entities},
              "Things only the domain's clients know, in each domain."),
          key("relations", &Atlas::relations, Whole{1, data::atlas::most_relations}, "Facts about each thing."),
          key("values", &Atlas::values, Whole{data::atlas::fewest_values, data::atlas::most_values},
              "Values a fact may have; a question offers four of them."),
          key("conflict", &Atlas::conflict, Number{0, 1},
              "Share of private names that mean different things in different domains."),
      });
}

Section fleet() {
  return section(
      "fleet", "All virtual clients.", &Scenario::fleet,
      std::vector<Key<Fleet>>{
          key("clients", &Fleet::clients, Whole{1, 100'000'000}, "How many clients there are.")
              .by_default("the sum of the groups' counts"),
          key("spread", &Fleet::spread, Number{0, 3},
              "How much clients of one class differ: sigma of the lognormal factor on a client's speed. 0 "
              "makes them alike."),
          key("memory_scale", &Fleet::memory_scale, Number{0, 1e6, open},
              "Factor on every class's memory budget. Below 1, a small base is as hard to fit as a large one "
              "is in life; the result tells the budgets used."),
      });
}

Section groups() {
  return repeated<DeviceGroup>(
      "fleet.group",
      "Clients of one device class; one table for each group, at least one. All have a share, or all a count.",
      [](Scenario& s) -> std::vector<DeviceGroup>& { return s.fleet.groups; },
      {
          key("device", &DeviceGroup::device, Name{"name of a device class"},
              "A device class of the catalogue, clients/devices.toml.")
              .always(),
          key("share", &DeviceGroup::share, Number{0, 1, open}, "Share of the fleet; all shares add up to 1."),
          key("count", &DeviceGroup::count, Whole{1, 100'000'000}, "Number of clients."),
          key("memory", &DeviceGroup::memory, Size{},
              "What a client may use for training, instead of the class's own budget; `fleet.memory_scale` does not "
              "touch it."),
          key("uplink", &DeviceGroup::uplink, Rate{}, "Rate towards the server, instead of the class's own."),
          key("downlink", &DeviceGroup::downlink, Rate{}, "Rate from the server, instead of the class's own."),
          key("latency", &DeviceGroup::latency, Duration{}, "One-way latency, instead of the class's own."),
      });
}

Section network() {
  return section("network", "The server's own link.", &Scenario::network,
                 std::vector<Key<Network>>{
                     key("uplink", &Network::uplink, Rate{}, "Rate at which the server can take in updates."),
                     key("downlink", &Network::downlink, Rate{}, "Rate at which the server can send models out."),
                     key("latency", &Network::latency, Duration{}, "One-way latency, added to the client's own."),
                 });
}

Section pruning() {
  return section(
      "pruning", "The variants the server offers, and how a client chooses among them.", &Scenario::pruning,
      std::vector<Key<Pruning>>{
          key("method", &Pruning::method, Name{"name of a pruning method"},
              "How KV-head groups and MLP neurons are ranked."),
          key("settings", &Pruning::settings, ParameterTable{}, "The method's own parameters."),
          key("policy", &Pruning::policy, Name{"name of a policy"},
              "How a client chooses its ratio. `fit-memory`: the largest variant whose predicted peak memory "
              "fits the client's budget."),
          key("ratios", &Pruning::ratios, ListOf<Number>{{0, 1, Number::End::closed, open}, Items::increasing, 1},
              "The ratios on offer, ascending: the share of prunable parameters each variant lacks. A client "
              "that fits none sits out."),
          key("protect_first", &Pruning::protect_first, Whole{0, 1000}, "So many first layers stay whole."),
          key("protect_last", &Pruning::protect_last, Whole{0, 1000}, "So many last layers stay whole."),
      });
}

Section adapter() {
  return section("adapter", "The LoRA adapter every client trains: the change of a weight is scale · B · A.",
                 &Scenario::adapter,
                 std::vector<Key<Adapter>>{
                     key("rank", &Adapter::rank, Whole{1, 4096}, "Rows of A, columns of B."),
                     key("alpha", &Adapter::alpha, Number{0, 1e6, open}, "The scale is alpha / rank."),
                     key("rslora", &Adapter::rslora, Flag{}, "Makes the scale alpha / sqrt(rank)."),
                     key("targets", &Adapter::targets,
                         ListOf<Word>{{{{"q", "k", "v", "o", "gate", "up", "down"}}}, Items::distinct, 1},
                         "The projections that are adapted, in every layer."),
                 });
}

Section training() {
  return section(
      "training", "How a client trains on what it holds.", &Scenario::training,
      std::vector<Key<Training>>{
          key("epochs", &Training::epochs, Whole{1, 100'000}, "Passes over the client's examples.")
              .by_default("1, unless steps are given"),
          key("steps", &Training::steps, Whole{1, a_billion},
              "Optimiser steps, instead of epochs; the examples are gone through again as often as needed."),
          key("batch", &Training::batch, Whole{1, 65'536}, "Examples that a device holds in memory at once."),
          key("accumulation", &Training::accumulation, Whole{1, 65'536},
              "So many batches make one optimiser step, as if they were one batch: less memory, the same "
              "learning."),
          key("optimiser", &Training::optimiser, Choice<Optimiser>{{{"adamw", "sgd"}}},
              "AdamW, or stochastic gradient descent, as PyTorch has them."),
          key("momentum", &Training::momentum, Number{0, 1, Number::End::closed, open},
              "SGD's; AdamW has none to set."),
          key("learning_rate", &Training::learning_rate, Number{0, 100, open}, "The optimiser's, at its highest."),
          key("schedule", &Training::schedule, Choice<Schedule>{{{"constant", "cosine", "linear"}}},
              "`cosine` and `linear` fall to 0 over the round's steps."),
          key("warm_up", &Training::warm_up, Number{0, 1, Number::End::closed, open},
              "Share of the round's steps over which the learning rate rises before that."),
          key("weight_decay", &Training::weight_decay, Number{0, 100},
              "The optimiser's, on A and B: decoupled in AdamW, through the gradient in SGD."),
          key("clip_norm", &Training::clip_norm, Number{0, 1e9},
              "Gradients of one step are scaled down to this L2 norm over all factors. 0: no clipping."),
          key("proximal", &Training::proximal, Number{0, 1e6},
              "FedProx's mu: every step also pulls the adapter back to where the round began. 0: no pull."),
          key("dropout", &Training::dropout, Number{0, 1, Number::End::closed, open},
              "Share of every adapter's inputs that a training step sets to zero."),
          key("recompute", &Training::recompute, Flag{},
              "Devices keep only each block's input and compute its forward again for the backward: less "
              "memory, more time, the same learning."),
          key("loss", &Training::loss, Choice<Loss>{{{"answer", "full"}}},
              "`answer`: only the answer's tokens are labels. `full`: the prompt's are too."),
          key("precision", &Training::precision, Choice<Precision>{{{"fp32", "bf16"}}},
              "Of the matrix products. Adapters and optimiser are always fp32."),
          key("gang", &Training::gang, Whole{1, 4096},
              "How many clients on one variant are trained as one batch. Part of the scenario because the "
              "last bits of a sum depend on it; the number of threads does not matter."),
      });
}

Section protocol() {
  return section("protocol", "When the server starts clients and when it fuses.", &Scenario::protocol,
                 std::vector<Key<Protocol>>{
                     key("kind", &Protocol::kind, Name{"name of a protocol"},
                         "`synchronous`: a round ends when every client it started has returned or is lost."),
                     key("settings", &Protocol::settings, ParameterTable{}, "The protocol's own parameters."),
                     key("rounds", &Protocol::rounds, Whole{1, 1'000'000}, "How many rounds are run."),
                     key("clients_per_round", &Protocol::clients_per_round, Whole{1, 100'000'000},
                         "How many clients a round picks.")
                         .by_default("all clients"),
                 });
}

Section selection() {
  return section("selection", "Which clients a round picks.", &Scenario::selection,
                 std::vector<Key<Selection>>{
                     key("method", &Selection::method, Name{"name of a selection method"},
                         "`uniform`: every client is as likely as any other, without replacement; `poisson`: each by "
                         "itself, so their number is random; `round-robin`: in order of id; `stratified`: device "
                         "classes in their shares; `by-availability`: rather those that stayed so far; `deadline-"
                         "aware`: those that would be done in time; `power-of-choice`: by their losses; `oort`: by "
                         "their losses and speed (docs/models/selection.md)."),
                     key("settings", &Selection::settings, ParameterTable{}, "The method's own parameters."),
                 });
}

Section fusion() {
  return section(
      "fusion", "How recovered adapters become one change of the base.", &Scenario::fusion,
      std::vector<Key<Fusion>>{
          key("weights", &Fusion::weights, Choice<Weights>{{{"examples", "equal"}}},
              "What a client's update weighs: its share of the round's examples, or the same as any other's."),
          key("primary", &Fusion::primary, Name{"name of an arm"},
              "The arm whose model goes into the next round; the others are evaluated only.")
              .by_default("the first arm"),
      });
}

Section arms() {
  return repeated<FusionArm>(
      "fusion.arm",
      "One way to fuse the same updates; one table for each way to be compared. Without any, there is one arm of "
      "defaults.",
      [](Scenario& s) -> std::vector<FusionArm>& { return s.fusion.arms; },
      {
          key("name", &FusionArm::name, Name{"name"}, "How the results call it."),
          key("rule", &FusionArm::rule, Name{"name of a fusion rule"},
              "`mean`, `mean-nonzero`, `task-arithmetic`, `ties`, or `stack` (FLoRA)."),
          key("settings", &FusionArm::settings, ParameterTable{}, "The rule's own parameters."),
          key("conflict", &FusionArm::conflict, Name{"name of a conflict resolution"},
              "What is done to the adapters before the rule: `none`, or `cr-sign`, our reading of LoRA-CR."),
          key("conflict_settings", &FusionArm::conflict_settings, ParameterTable{}, "The resolution's own parameters."),
      });
}

Section evaluation() {
  return section(
      "evaluation", "What is measured, and on which models. Nothing is, under fidelity \"timing\".",
      &Scenario::evaluation,
      std::vector<Key<Evaluation>>{
          key("models", &Evaluation::models,
              ListOf<Choice<EvaluatedModel>>{{{{"base", "adapters", "fused"}}}, Items::distinct},
              "`base`: untouched. `adapters`: for each domain, the base with only that domain's clients fused. "
              "`fused`: "
              "every arm."),
          key("every", &Evaluation::every, Whole{0, 1'000'000},
              "Evaluate after every so many rounds. 0: only after the last."),
          key("questions", &Evaluation::questions, Whole{0, a_billion},
              "Single multiple-choice questions of each domain. 0: none."),
          key("composites", &Evaluation::composites, Whole{0, data::most_composites},
              "Cross-domain prompts (MMLU-CD): several questions of as many domains asked at once. 0: none."),
          key("composite_size", &Evaluation::composite_size, Whole{2, 16}, "Questions in one cross-domain prompt."),
          key("held_out_loss", &Evaluation::held_out_loss, Flag{},
              "Loss on the examples that `data.held_out` keeps from training, per domain and over all. Not for source "
              "\"atlas\": its examples ask the same facts again and again, so none of them would be new."),
      });
}

Section output() {
  return section("output", "What is recorded. Rounds and evaluation always are.", &Scenario::output,
                 std::vector<Key<Output>>{
                     key("file", &Output::file, Text{}, "The result file.").by_default("results/runs/NAME.h5"),
                     key("clients", &Output::clients, Flag{}, "A row for each client of the fleet."),
                     key("plans", &Output::plans, Flag{}, "Every picked client's plan and outcome, round by round."),
                     key("events", &Output::events, Flag{}, "Every event of virtual time."),
                 });
}

}  // namespace

std::vector<Section> scenario_schema() {
  return {top(),     base(),     data(),     atlas(),     fleet(),  groups(), network(),    pruning(),
          adapter(), training(), protocol(), selection(), fusion(), arms(),   evaluation(), output()};
}

std::string full_key(const std::string& section, const std::string& name) {
  return section.empty() ? name : fmt::format("{}.{}", section, name);
}

std::string item_path(const std::string& section, std::size_t item) {
  return fmt::format("{}[{}]", section, item);
}

}  // namespace edgefuse::scenarios
