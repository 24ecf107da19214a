#include "app/run/corpus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "app/run/data_files.hpp"
#include "app/run/splits.hpp"
#include "sim/error.hpp"
#include "tests/app/tiny_world.hpp"

namespace edgefuse::app {
namespace {

namespace fs = std::filesystem;
using testing::scenario_of;
using testing::TinyWorld;

/// Examples "label 0", "label 1", ... of each label, labels in turn.
Corpus corpus_of(const std::map<std::string, int>& sizes) {
  Corpus corpus;
  for (int i = 0; i < 100; ++i) {
    for (const auto& [label, size] : sizes) {
      if (i >= size) continue;
      corpus.training.push_back({"elsewhere", "", fmt::format("{} {}", label, i)});
      corpus.labels.push_back(label);
    }
  }
  return corpus;
}

std::vector<std::string> answers(const std::vector<data::Example>& examples) {
  std::vector<std::string> texts;
  for (const auto& example : examples)
    texts.push_back(example.answer);
  return texts;
}

TEST(HoldOut, TakesItsShareOfEveryLabelAndLeavesTheRestInPlace) {
  auto corpus = corpus_of({{"large", 40}, {"small", 10}});
  const auto all = answers(corpus.training);
  hold_out(corpus, 0.2, 7);
  std::map<std::string, int> held_out;
  for (const auto& example : corpus.held_out) {
    ++held_out[example.domain];
    EXPECT_TRUE(example.answer.starts_with(example.domain)) << "its domain becomes its label";
  }
  EXPECT_EQ(held_out, (std::map<std::string, int>{{"large", 8}, {"small", 2}}));
  ASSERT_EQ(corpus.training.size(), corpus.labels.size());
  for (std::size_t i = 0; i < corpus.labels.size(); ++i)
    EXPECT_TRUE(corpus.training[i].answer.starts_with(corpus.labels[i])) << "labels stay with their examples";

  std::vector<std::string> kept;
  const auto gone = answers(corpus.held_out);
  std::ranges::copy_if(all, std::back_inserter(kept),
                       [&](const auto& text) { return std::ranges::find(gone, text) == gone.end(); });
  EXPECT_EQ(answers(corpus.training), kept) << "the others stay, in their order";
}

TEST(HoldOut, LeavesNoLabelWithoutAnExampleToTrainOn) {
  auto corpus = corpus_of({{"one", 1}, {"two", 2}});
  hold_out(corpus, 0.99, 7);
  EXPECT_EQ(corpus.labels, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(corpus.held_out.size(), 1U) << "a label's only example stays";
}

TEST(HoldOut, TakesAtLeastOneOfALabelThatHasMore) {
  auto corpus = corpus_of({{"two", 2}});
  hold_out(corpus, 0.01, 7);
  EXPECT_EQ(corpus.held_out.size(), 1U);
}

TEST(HoldOut, DependsOnTheSeedAlone) {
  const auto held_out = [](std::uint64_t seed) {
    auto corpus = corpus_of({{"a", 30}, {"b", 30}});
    hold_out(corpus, 0.3, seed);
    return answers(corpus.held_out);
  };
  EXPECT_EQ(held_out(7), held_out(7));
  EXPECT_NE(held_out(7), held_out(8));
}

std::vector<data::Question> questions_of(int domains, int each) {
  std::vector<data::Question> questions;
  for (int i = 0; i < each; ++i)
    for (int d = 0; d < domains; ++d)
      questions.push_back(
          {.id = fmt::format("{}/{}", d, i), .domain = fmt::format("d{}", d), .text = {}, .choices = {}});
  return questions;
}

TEST(DrawPerDomain, TakesAsManyOfEachDomainAsAskedInTheirOrder) {
  const auto all = questions_of(3, 20);
  const auto drawn = draw_per_domain(all, 5, 7);
  ASSERT_EQ(drawn.size(), 15U);
  std::map<std::string, std::set<std::string>> ids;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    EXPECT_TRUE(ids[drawn[i].domain].insert(drawn[i].id).second) << drawn[i].id << " comes twice";
    EXPECT_EQ(drawn[i].domain, fmt::format("d{}", i / 5));
  }
  EXPECT_NE(ids["d0"].size(), 20U);
  EXPECT_EQ(draw_per_domain(all, 100, 7).size(), 60U) << "all when there are fewer";
  EXPECT_TRUE(draw_per_domain(all, 0, 7).empty());
}

TEST(DrawPerDomain, DrawsWhatHoldingOutDoesNotDraw) {
  // The same numbers in both would tie the questions asked to the examples held out.
  const auto questions = questions_of(4, 50);
  Corpus corpus;
  for (const auto& question : questions) {
    corpus.training.push_back({question.domain, "", question.id});
    corpus.labels.push_back(question.domain);
  }
  hold_out(corpus, 0.2, 7);
  std::set<std::string> held_out;
  for (const auto& example : corpus.held_out)
    held_out.insert(example.answer);
  std::size_t shared = 0;
  for (const auto& question : draw_per_domain(questions, 10, 7))
    shared += held_out.count(question.id);
  EXPECT_EQ(held_out.size(), 40U);
  EXPECT_LT(shared, 20U) << "a fifth of 40 by chance, all of them were the streams the same";
}

TEST(Corpus, HoldsNothingOutThatNobodyMeasures) {
  const TinyWorld world;
  const auto measured = load_corpus(scenario_of(world), {});
  const auto not_measured = load_corpus(scenario_of(world, {"evaluation.held_out_loss=false"}), {});
  EXPECT_EQ(measured.held_out.size(), 12U) << "a fifth of 30 for each of two domains";
  EXPECT_EQ(measured.training.size(), 48U);
  EXPECT_TRUE(not_measured.held_out.empty());
  EXPECT_EQ(not_measured.training.size(), 60U);
}

TEST(Corpus, NeverTrainsOnWhatItHoldsOut) {
  const TinyWorld world;
  for (const auto* seed : {"seed=1", "seed=2", "seed=3"}) {
    const auto corpus = load_corpus(scenario_of(world, {seed}), {});
    ASSERT_FALSE(corpus.held_out.empty());
    for (const auto& held_out : corpus.held_out)
      for (const auto& example : corpus.training)
        EXPECT_FALSE(example.prompt == held_out.prompt && example.answer == held_out.answer) << held_out.prompt;
  }
}

/// The file names that `data.paths` stands for.
std::vector<std::string> files_of(const TinyWorld& world, const std::string& paths) {
  std::vector<std::string> names;
  for (const auto& file : data_files(scenario_of(world, {"data.paths=" + paths}), {}, {".json", ".jsonl"}))
    names.push_back(fs::relative(file, world.folder).string());
  return names;
}

TEST(DataFiles, OfAFolderAreItsFilesOfThatKindByName) {
  const TinyWorld world;
  const auto folder = world.folder / "many";
  fs::create_directories(folder / "below");
  for (const auto* name : {"b.jsonl", "a.json", "notes.txt", "below/c.json"})
    world.write(folder / name, "[]");
  EXPECT_EQ(files_of(world, fmt::format("[\"{}\"]", folder.string())),
            (std::vector<std::string>{"many/a.json", "many/b.jsonl"}));
  EXPECT_EQ(
      files_of(world, fmt::format("[\"{0}/south.json\", \"{0}/many\", \"{0}/many/notes.txt\"]", world.folder.string())),
      (std::vector<std::string>{"south.json", "many/a.json", "many/b.jsonl", "many/notes.txt"}))
      << "what is named itself is taken whatever its ending";
}

TEST(DataFiles, AreRefusedWhenAFolderHasNoneOrOneIsNamedTwice) {
  const TinyWorld world;
  fs::create_directories(world.folder / "empty");
  const auto root = world.folder.string();
  try {
    (void)files_of(world, fmt::format("[\"{0}/empty\", \"{0}\", \"{0}/model/../north.json\"]", root));
    FAIL() << "accepted";
  } catch (const InputError& error) {
    ASSERT_EQ(error.mistakes().size(), 2U) << error.what();
    EXPECT_EQ(error.mistakes()[0].key, "data.paths");
    EXPECT_EQ(error.mistakes()[0].problem, "the folder " + root + "/empty holds no .json or .jsonl file");
    EXPECT_EQ(error.mistakes()[1].problem, root + "/model/../north.json is named twice");
  }
}

TEST(Corpus, ReadsAFolderAsItReadsItsFiles) {
  const TinyWorld world;
  const auto folder = world.folder / "data";
  fs::create_directories(folder);
  for (const auto* name : {"north.json", "south.json"})
    fs::copy(world.folder / name, folder / name);
  const auto files = load_corpus(scenario_of(world), {});
  const auto whole = load_corpus(scenario_of(world, {"data.paths=[\"" + folder.string() + "\"]"}), {});
  EXPECT_EQ(answers(whole.training), answers(files.training));
  EXPECT_EQ(whole.labels, files.labels);
}

TEST(Corpus, KeepsTextsOfTwoFilesWithOneNameApart) {
  const TinyWorld world;
  std::string paths;
  for (const auto* folder : {"x", "y"}) {
    fs::create_directories(world.folder / folder);
    const auto file = world.folder / folder / "tale.txt";
    world.write(file, std::string{folder} + " once upon a time");
    paths += fmt::format("{}\"{}\"", paths.empty() ? "" : ", ", file.string());
  }
  const auto corpus = load_corpus(
      scenario_of(world, {"data.source=text", "data.paths=[" + paths + "]", "evaluation.held_out_loss=false"}), {});
  EXPECT_EQ(corpus.labels, (std::vector<std::string>{"x/tale.txt", "y/tale.txt"}));
}

}  // namespace
}  // namespace edgefuse::app
