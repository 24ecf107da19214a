#include "data/plain_text.hpp"

#include <gtest/gtest.h>

#include "tests/support/input_file.hpp"

namespace edgefuse::data {
namespace {

using testing::mistakes_of;
using testing::summary;
using testing::write;

std::vector<std::string> answers(const std::vector<Example>& examples) {
  std::vector<std::string> texts;
  for (const auto& example : examples)
    texts.push_back(example.domain + "|" + example.answer);
  return texts;
}

TEST(PlainText, SplitsParagraphsAtEmptyLines) {
  const auto file = write(testing::scratch_folder(), "tales.txt", "\none\r\ntwo\r\n\r\n \nthree");
  EXPECT_EQ(answers(read_paragraphs(file, "tales", {})), (std::vector<std::string>{"tales|one\ntwo", "tales|three"}));
}

TEST(PlainText, GivesEachSpeechToItsSpeaker) {
  const auto file = write(testing::scratch_folder(), "play.txt",
                          "First Citizen:\nBefore we\nproceed.\n\nAll:\nSpeak.\n\nTITUS:\n\nAll:\nNow: go.\n");
  EXPECT_EQ(answers(read_speakers(file, {})),
            (std::vector<std::string>{"First Citizen|Before we\nproceed.", "All|Speak.", "All|Now: go."}));
}

TEST(PlainText, JoinsShortPiecesOfOneDomain) {
  const auto file = write(testing::scratch_folder(), "play.txt",
                          "A:\n1\n\nB:\nlonger than that\n\nA:\n22\n\nA:\n333\n\nA:\n4444\n\nB:\nx\n");
  EXPECT_EQ(answers(read_speakers(file, {.minimum_bytes = 5})),
            (std::vector<std::string>{"A|1\n\n22", "A|333\n\n4444", "B|longer than that\n\nx"}));
}

TEST(PlainText, ReportsEveryParagraphWithoutASpeaker) {
  const auto file = write(testing::scratch_folder(), "play.txt", "A:\nx\n\nno name\n\n:\ny\n");
  EXPECT_EQ(summary(mistakes_of([&] { return read_speakers(file, {}); })),
            "4 a paragraph without a speaker | 6 a paragraph without a speaker");
}

TEST(PlainText, RefusesAFileWithoutText) {
  const auto blank = write(testing::scratch_folder(), "blank.txt", " \n\n");
  EXPECT_EQ(summary(mistakes_of([&] { return read_paragraphs(blank, "blank", {}); })), "holds no text");
  const auto silent = write(testing::scratch_folder(), "silent.txt", "A:\n\nB:\n");
  EXPECT_EQ(summary(mistakes_of([&] { return read_speakers(silent, {}); })), "holds no text");
}

}  // namespace
}  // namespace edgefuse::data
