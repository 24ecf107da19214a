#include "data/composition_file.hpp"

#include <gtest/gtest.h>

#include "sim/input_file.hpp"
#include "sim/output_file.hpp"
#include "tests/data/questions.hpp"
#include "tests/support/input_file.hpp"

namespace edgefuse::data {
namespace {

using testing::mistakes_of;
using testing::summary;

Composition small() {
  const ComposeOptions options{.k = 2, .count = 3, .seed = 9};
  auto pool = testing::questions({{"a", 5}, {"b \"quoted\"", 5}});
  pool[0].subject = "anatomy";
  return {.source = "made up", .options = options, .instances = compose(pool, options)};
}

/// The file of `small()` with `from` replaced by `to` where it comes first.
std::filesystem::path altered(const std::string& from, const std::string& to) {
  const auto file = testing::scratch_folder() / "cd.jsonl";
  write_composition(small(), file);
  auto text = read_text_file(file);
  const auto at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  write_text_file(file, text.replace(at, from.size(), to));
  return file;
}

std::string refusal(const std::string& from, const std::string& to) {
  const auto file = altered(from, to);
  return summary(mistakes_of([&] { return read_composition(file); }));
}

TEST(CompositionFile, ReadsWhatItWrote) {
  const auto file = testing::scratch_folder() / "cd.jsonl";
  const auto before = small();
  write_composition(before, file);
  const auto after = read_composition(file);
  EXPECT_EQ(after.source, before.source);
  EXPECT_EQ(after.options.k, 2);
  EXPECT_EQ(after.options.count, 3);
  EXPECT_EQ(after.options.seed, 9u);
  ASSERT_EQ(after.instances.size(), before.instances.size());
  for (std::size_t i = 0; i < after.instances.size(); ++i) {
    EXPECT_EQ(after.instances[i].id, before.instances[i].id);
    EXPECT_EQ(composite_prompt(after.instances[i]), composite_prompt(before.instances[i]));
    EXPECT_EQ(after.instances[i].answers(), before.instances[i].answers());
    EXPECT_EQ(after.instances[i].parts[1].id, before.instances[i].parts[1].id);
    EXPECT_EQ(after.instances[i].parts[1].domain, before.instances[i].parts[1].domain);
  }
}

TEST(CompositionFile, RefusesWhatDoesNotAgreeWithItself) {
  EXPECT_EQ(refusal("edgefuse-mmlu-cd", "other"), "1 format: not a composed benchmark");
  EXPECT_EQ(refusal("\"version\":1", "\"version\":2"), "1 version: 2");
  EXPECT_EQ(refusal("\"k\":2", "\"k\":\"2\""), "1 k: missing or of the wrong type");
  EXPECT_EQ(refusal("\"k\":2", "\"k\":3"), "2 questions: 2 questions of 2 domains");
  EXPECT_EQ(refusal("\"count\":3", "\"count\":4"), "count: the manifest promises 4 instances, the file holds 3");
  EXPECT_EQ(refusal("\"text\":\"What", "\"text\":\"Who"), "2 prompt: is not the one its questions give");
  EXPECT_EQ(refusal("\"answer\":\"", "\"answer\":\"E"),
            "2 answer: \"E" + std::string{small().instances[0].parts[0].letter()} + "\"");
  EXPECT_EQ(refusal("\"k\":2", "\"k\":0"), "1 k: 0");
  EXPECT_EQ(refusal("\"choices\":[", "\"choices\":[\"v\","), "2 choices: 5 choices");
  EXPECT_EQ(refusal("}\n", "\n"), "1 not a JSON object");
}

}  // namespace
}  // namespace edgefuse::data
