#include <gtest/gtest.h>

#include <algorithm>

#include "data/domains.hpp"
#include "data/instructions.hpp"
#include "data/partitioners/registry.hpp"
#include "data/plain_text.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::data {
namespace {

TEST(RealCorpora, DollyIsTenNaturalClients) {
  EDGEFUSE_NEEDS_ASSET("data/dolly-15k-fl10");
  const auto folder = testing::assets() / "data/dolly-15k-fl10";
  std::vector<std::filesystem::path> files;
  for (int client = 0; client < 10; ++client)
    files.push_back(folder / ("local_training_" + std::to_string(client) + ".json"));
  const auto all = read_instruction_files(files);
  EXPECT_EQ(all.examples.size(), 14931u);
  EXPECT_EQ(distinct(labels_of(all.examples)).size(), 8u);

  const auto partition = partitioners().make("natural")->partition({.labels = all.sources, .clients = 10});
  std::vector<std::size_t> sizes;
  for (const auto& indices : partition)
    sizes.push_back(indices.size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1493, 1493, 1493, 1492, 1493, 1493, 1493, 1493, 1494, 1494}));
  EXPECT_EQ(read_instructions(folder / "global_test.json").size(), 80u);
}

TEST(RealCorpora, TinyShakespeareHasItsSpeakers) {
  EDGEFUSE_NEEDS_ASSET("data/text-corpora/tinyshakespeare.txt");
  const auto file = testing::assets() / "data/text-corpora/tinyshakespeare.txt";
  const auto speeches = read_speakers(file, {});
  EXPECT_EQ(speeches.size(), 7222u - 125u) << "125 of the 7,222 entrances are silent";
  const auto largest = keep_largest_domains(speeches, 3);
  EXPECT_EQ(std::ranges::count(labels_of(largest), "GLOUCESTER"),
            std::ranges::count(labels_of(speeches), "GLOUCESTER"));
  const auto joined = keep_largest_domains(read_speakers(file, {.minimum_bytes = 600}), 10);
  for (const auto& example : joined)
    EXPECT_GE(example.answer.size(), 600u) << example.domain;
}

}  // namespace
}  // namespace edgefuse::data
