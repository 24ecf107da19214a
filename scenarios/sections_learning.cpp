#include "scenarios/sections.hpp"

namespace edgefuse::scenarios {

Section pruning_section() {
  return section(
      "pruning", "The variants the server offers, and how a client chooses among them.", &Scenario::pruning,
      std::vector<Key<Pruning>>{
          key("method", &Pruning::method, Name{"name of a pruning method"},
              "Whole KV-head groups and MLP neurons go: `magnitude`, `random`, `wanda-sp`, `flap`, `taylor`. Whole "
              "layers: `block-influence`. Or single weights: `sparse-random`, `sparse-magnitude`, `wanda`, `sparsegpt` "
              "(docs/models/pruning-and-recovery.md)."),
          key("settings", &Pruning::settings, ParameterTable{}, "The method's own parameters."),
          key("budget", &Pruning::budget, Choice<Budget>{{{"per-layer", "global", "layers"}}},
              "`per-layer`: every layer loses the same share. `global`: units go where they matter least, over all "
              "layers together. `layers`: whole layers go. Under the last two weights are looked at under fidelity "
              "\"timing\" too.")
              .by_default("the method's own: `global` for `flap`, `layers` for `block-influence`, else `per-layer`"),
          key("masks", &Pruning::masks, Whole{1, 1000},
              "In how many different ways the base is pruned. Client c gets its variants from the (c mod masks)-th: "
              "with 1 all share one, method `random` with that many seeds."),
          key("policy", &Pruning::policy, Name{"name of a policy"},
              "How a client chooses its ratio, and its rank where several are on offer. `fit-memory`: the largest "
              "variant "
              "whose predicted peak memory fits its budget; `fit-deadline`, `fit-energy`, `fit-all`: and that is back "
              "in "
              "time, or draws little enough; `fixed`: one ratio for everybody; `utility`: the most quality per second; "
              "`bandit`: what its device class found to lower the loss fastest; `joint`: the server allocates for all "
              "that it invites together (docs/models/policies.md)."),
          key("policy_settings", &Pruning::policy_settings, ParameterTable{},
              "The policy's own parameters: `{ deadline = 60 }` in seconds, `{ energy = 500 }` in joules, `{ ratio = "
              "0.5 }`, `{ exploration = 1 }`, `{ keep = 0.8 }`."),
          key("ratios", &Pruning::ratios, ListOf<Number>{{0, 1, Number::End::closed, open}, Items::increasing, 1},
              "The ratios on offer, ascending: the share of prunable parameters each variant lacks. A client "
              "that none will do for sits out."),
          key("protect_first", &Pruning::protect_first, Whole{0, 1000}, "So many first layers stay whole."),
          key("protect_last", &Pruning::protect_last, Whole{0, 1000}, "So many last layers stay whole."),
      });
}

Section alignment_section() {
  return section(
      "pruning.alignment",
      "Training of all weights of every variant but the head on public text before it is offered, as LoRAM has it "
      "(2502.13533).",
      &Scenario::pruning, &Pruning::alignment,
      std::vector<Key<Alignment>>{
          key("steps", &Alignment::steps, Whole{0, 1'000'000}, "Optimiser steps; 0: none."),
          key("batch", &Alignment::batch, Whole{1, 65'536}, "Texts in one of them."),
          key("learning_rate", &Alignment::learning_rate, Number{0, 100, open}, "AdamW's, at its highest."),
      });
}

Section recovery_section() {
  return section(
      "recovery", "How an update of a variant becomes a change of the base, and what that change becomes.",
      &Scenario::recovery,
      std::vector<Key<Recovery>>{
          key("method", &Recovery::method, Name{"name of a recovery"},
              "`zero-fill`: zero where the variant had nothing. `masked`: and where its weights were zero. "
              "`correction`: less what the base says already (EMLoC). `norm-a`: LoRAM's noise in A."),
          key("settings", &Recovery::settings, ParameterTable{}, "The method's own parameters."),
          key("between_rounds", &Recovery::between_rounds, Choice<BetweenRounds>{{{"merge", "carry", "carry-exact"}}},
              "`merge`: each round's change goes into the base, the variants are cut from it anew, and adapters start "
              "at B = 0. `carry`: the base stays; the fused change, cut to the adapters' rank, is where they go on. "
              "`carry-exact`: and what was cut off goes into the base."),
      });
}

Section retraining_section() {
  return section("recovery.retraining",
                 "Training of every fused model on public text, as one more LoRA adapter on the adapters' targets "
                 "(LLM-Pruner's recovery tuning, 2305.11627).",
                 &Scenario::recovery, &Recovery::retraining,
                 std::vector<Key<Retraining>>{
                     key("steps", &Retraining::steps, Whole{0, 1'000'000}, "Optimiser steps; 0: none."),
                     key("batch", &Retraining::batch, Whole{1, 65'536}, "Texts in one of them."),
                     key("rank", &Retraining::rank, Whole{1, 4096}, "Of that adapter."),
                     key("learning_rate", &Retraining::learning_rate, Number{0, 100, open}, "AdamW's."),
                 });
}

Section adapter_section() {
  return section(
      "adapter", "The LoRA adapter every client trains: the change of a weight is scale · B · A.", &Scenario::adapter,
      std::vector<Key<Adapter>>{
          key("rank", &Adapter::rank, Whole{1, 4096}, "Rows of A, columns of B.")
              .by_default("8, or the largest of ranks"),
          key("ranks", &Adapter::ranks, ListOf<Whole>{Whole{1, 4096}, Items::increasing, 1},
              "The ranks on offer, ascending: a client chooses one of them with its ratio.")
              .by_default("rank alone"),
          key("alpha", &Adapter::alpha, Number{0, 1e6, open}, "The scale is alpha / rank."),
          key("rslora", &Adapter::rslora, Flag{}, "Makes the scale alpha / sqrt(rank)."),
          key("targets", &Adapter::targets,
              ListOf<Word>{{{{"q", "k", "v", "o", "gate", "up", "down"}}}, Items::distinct, 1},
              "The projections that are adapted, in every layer."),
          key("start", &Adapter::start, Choice<AdapterStart>{{{"own", "shared", "gradient"}}},
              "`own`: every client draws its A anew. `shared`: all begin with the same A. `gradient`: all begin with "
              "the "
              "first singular directions of a step of the base on public text (LoRA-SB)."),
          key("trains", &Adapter::trains, Choice<TrainedFactors>{{{"both", "b", "alternate", "core"}}},
              "What training moves, and an update holds: A and B; B alone (FFA-LoRA); B in odd rounds and A "
              "in even ones (RoLoRA); or a matrix R, rank × rank, between A and B, which stay (Fed-SB). "
              "docs/models/federated-lora.md."),
          key("shares", &Adapter::shares, Choice<SharedFactors>{{{"both", "a"}}},
              "What travels of the factors and is fused: both, or A alone, and every client keeps its B from round to "
              "round (FedSA-LoRA)."),
      });
}

Section self_pruning_section() {
  return section(
      "adapter.self_pruning",
      "Ranks that clients give up: one whose last ranks are smaller after its training than before leaves them out "
      "from "
      "then on (HetLoRA, 2401.06432; docs/models/federated-lora.md).",
      &Scenario::adapter, &Adapter::self_pruning,
      std::vector<Key<SelfPruning>>{
          key("decay", &SelfPruning::decay, Number{0, 1, open},
              "The share of its ranks that such a client keeps, rounded down, at least one. 1: all, always."),
          key("penalty", &SelfPruning::penalty, Number{0, 1e6},
              "What the loss gets of the size of the ranks that may go: this times the product of the norms of A's "
              "last rows and B's last columns, summed over the modules."),
      });
}

Section compression_section() {
  return section(
      "compression",
      "How an update travels: what training changed of the factors, so encoded (docs/models/federated-lora.md).",
      &Scenario::compression,
      std::vector<Key<Compression>>{
          key("method", &Compression::method, Name{"name of a compression"},
              "`none` (fp32), `fp16`, `int8` and `int4` (rounded at random, without bias), or `top-k`."),
          key("settings", &Compression::settings, ParameterTable{}, "The method's own parameters."),
          key("error_feedback", &Compression::error_feedback, Flag{},
              "A client adds what was lost of its last update to its next. Needs "
              "`recovery.between_rounds = \"carry\"`: without it the next update is of other factors."),
      });
}

Section down_compression_section() {
  return section("compression.down",
                 "How the factors that are carried from round to round travel to clients. What is not sent is 0 where "
                 "a client begins; the server keeps it (docs/models/federated-lora.md).",
                 &Scenario::compression, &Compression::down,
                 std::vector<Key<DownCompression>>{
                     key("method", &DownCompression::method, Name{"name of a compression"},
                         "As `compression.method`, of the factors themselves: `top-k` is FLASC's sparse download."),
                     key("settings", &DownCompression::settings, ParameterTable{}, "The method's own parameters."),
                 });
}

Section training_section() {
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
          key("control_variates", &Training::control_variates, Flag{},
              "SCAFFOLD's: every step is corrected by how the client's gradients differ from all clients' "
              "(docs/models/federated-lora.md). Needs `optimiser = \"sgd\"`, `adapter.start = \"shared\"`, "
              "`recovery.between_rounds = \"carry\"` and a rule that averages factors."),
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

Section protocol_section() {
  return section(
      "protocol", "When the server starts clients and when it fuses.", &Scenario::protocol,
      std::vector<Key<Protocol>>{
          key("kind", &Protocol::kind, Name{"name of a protocol"},
              "`synchronous`, `deadline`, `buffered`, `asynchronous` or `hierarchical` "
              "(docs/models/protocols.md)."),
          key("settings", &Protocol::settings, ParameterTable{}, "The protocol's own parameters."),
          key("rounds", &Protocol::rounds, Whole{1, 1'000'000}, "How many rounds are run; one fusion is one round."),
          key("clients_per_round", &Protocol::clients_per_round, Whole{1, 100'000'000},
              "How many clients a round picks, or are on the way at any time.")
              .by_default("all clients"),
      });
}

Section selection_section() {
  return section("selection", "Which clients a round picks.", &Scenario::selection,
                 std::vector<Key<Selection>>{
                     key("method", &Selection::method, Name{"name of a selection method"},
                         "`uniform`: every client is as likely as any other, without replacement; `poisson`: each by "
                         "itself, so their number is random; `round-robin`: in order of id; `stratified`: device "
                         "classes in their shares; `by-availability`: rather those that stayed so far; "
                         "`deadline-aware`: those that would be done in time; `power-of-choice`: by their losses; "
                         "`oort`: by their losses and speed (docs/models/selection.md)."),
                     key("settings", &Selection::settings, ParameterTable{}, "The method's own parameters."),
                 });
}

Section fusion_section() {
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

Section optimiser_section() {
  return section(
      "fusion.optimiser", "What step the server takes when a round's updates are fused to one change (2003.00295).",
      &Scenario::fusion, &Fusion::optimiser,
      std::vector<Key<ServerOptimiser>>{
          key("method", &ServerOptimiser::method, Name{"name of a server optimiser"},
              "`none`: the change itself; `fedavgm`, `fedadam`, `fedyogi` or `fedadagrad`, which take it for a "
              "gradient of the base, or of the factors where these are carried (docs/models/federated-lora.md)."),
          key("settings", &ServerOptimiser::settings, ParameterTable{}, "The method's own parameters."),
      });
}

Section arms_section() {
  return repeated<FusionArm>(
      "fusion.arm",
      "One way to fuse the same updates; one table for each way to be compared. Without any, there is one arm of "
      "defaults.",
      [](Scenario& s) -> std::vector<FusionArm>& { return s.fusion.arms; },
      {
          key("name", &FusionArm::name, Name{"name"}, "How the results call it."),
          key("rule", &FusionArm::rule, Name{"name of a fusion rule"},
              "A rule of docs/models/fusion.md: `weighted-mean`, `ties`, `stack`, and many more."),
          key("settings", &FusionArm::settings, ParameterTable{}, "The rule's own parameters."),
          key("conflict", &FusionArm::conflict, Name{"name of a conflict resolution"},
              "What is done to the adapters before the rule (docs/models/lora-cr.md): `none`, `cr-sign`, our reading "
              "of "
              "LoRA-CR, `cr-drop`, `cr-max`, `cr-soft`, `cr-disjoint`, `cr-proj`, `cr-module`, `cr-msu` or `cr-core`."),
          key("conflict_settings", &FusionArm::conflict_settings, ParameterTable{}, "The resolution's own parameters."),
      });
}

}  // namespace edgefuse::scenarios
