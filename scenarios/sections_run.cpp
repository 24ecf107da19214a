#include "scenarios/sections.hpp"

#include "data/atlas/limits.hpp"
#include "data/composer.hpp"

namespace edgefuse::scenarios {

Section top_section() {
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

Section base_section() {
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

Section data_section() {
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

Section atlas_section() {
  return section(
      "data.atlas", "The generated world of source \"atlas\" (docs/models/atlas.md).", &Scenario::data, &Data::atlas,
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

Section public_text_section() {
  return section(
      "public",
      "Text that anybody may read: what pruners look at and variants are aligned on. Never what clients hold.",
      &Scenario::public_text,
      std::vector<Key<PublicText>>{
          key("paths", &PublicText::paths, ListOf<Text>{{}, Items::distinct},
              "Text files. None of them may be among `data.paths`.")
              .by_default("the generated world's public text, with the embedded base"),
          key("texts", &PublicText::texts, Whole{1, 1'000'000}, "So many stretches of it, at equal distances."),
          key("tokens", &PublicText::tokens, Whole{2, 1'048'576}, "Tokens in one of them."),
      });
}

Section evaluation_section() {
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

Section output_section() {
  return section("output", "What is recorded. Rounds and evaluation always are.", &Scenario::output,
                 std::vector<Key<Output>>{
                     key("file", &Output::file, Text{}, "The result file.").by_default("results/runs/NAME.h5"),
                     key("clients", &Output::clients, Flag{}, "A row for each client of the fleet."),
                     key("plans", &Output::plans, Flag{}, "Every picked client's plan and outcome, round by round."),
                     key("events", &Output::events, Flag{}, "Every event of virtual time."),
                     key("conflict", &Output::conflict, Flag{},
                         "How updates are in each other's way, module by module and pair by pair, after each round "
                         "that is evaluated (docs/models/lora-cr.md); of the last one a picture beside the file, "
                         "`.conflict.svg`."),
                 });
}

}  // namespace edgefuse::scenarios
