#include "data/instructions.hpp"

#include <gtest/gtest.h>

#include "tests/support/input_file.hpp"

namespace edgefuse::data {
namespace {

using testing::mistakes_of;
using testing::summary;
using testing::write;

std::vector<Mistake> refusal(std::string_view text) {
  const auto file = write(testing::scratch_folder(), "in.json", text);
  return mistakes_of([&] { return read_instructions(file); });
}

TEST(Instructions, ReadsAListAndLinesAlike) {
  const auto folder = testing::scratch_folder();
  const auto list = write(folder, "a.json",
                          R"( [{"instruction": "i", "context": "c", "response": "r", "category": "k"},
                               {"instruction": "\u00e9", "response": "r", "id": 7}] )");
  const auto lines = write(folder, "a.jsonl",
                           "{\"instruction\": \"i\", \"context\": \"c\", \"response\": \"r\", \"category\": \"k\"}\r\n"
                           "\n{\"instruction\": \"\xC3\xA9\", \"context\": null, \"response\": \"r\"}");
  for (const auto& file : {list, lines}) {
    const auto rows = read_instructions(file);
    ASSERT_EQ(rows.size(), 2u) << file;
    EXPECT_EQ(rows[0].context, "c") << file;
    EXPECT_EQ(rows[0].category, "k") << file;
    EXPECT_EQ(rows[1].instruction, "\xC3\xA9") << file;
    EXPECT_EQ(rows[1].context, "") << file;
    EXPECT_EQ(rows[1].category, "uncategorised") << file;
  }
}

TEST(Instructions, LeavesTheInputHeadingOutWithoutAContext) {
  EXPECT_EQ(as_example(Instruction{"do", "with", "done", "k"}).prompt,
            "### Instruction:\ndo\n\n### Input:\nwith\n\n### Response:\n");
  const auto example = as_example(Instruction{"do", "", "done", "k"});
  EXPECT_EQ(example.prompt, "### Instruction:\ndo\n\n### Response:\n");
  EXPECT_EQ(example.answer, "done");
  EXPECT_EQ(example.domain, "k");
}

TEST(Instructions, SpeakChatMlToModelsTunedWithIt) {
  const auto example = as_example(Instruction{"do", "with", "done", "k"}, PromptFormat::chatml);
  EXPECT_EQ(example.prompt, "<|im_start|>user\ndo\nwith<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(example.answer, "done<|im_end|>");
  EXPECT_EQ(as_example(Instruction{"do", "", "done", "k"}, PromptFormat::chatml).prompt,
            "<|im_start|>user\ndo<|im_end|>\n<|im_start|>assistant\n");
}

TEST(Instructions, ReportsEveryWrongRowOfAListWithItsLine) {
  EXPECT_EQ(summary(refusal("[\n{\"instruction\": \"i\",\n\"response\": \"r\"},\n{\"instruction\": 3},\n4\n,\n"
                            "{\"instruction\": \" \", \"response\": \"r\"}]")),
            "4 instruction: a number | 4 response: missing | 5 a number instead of an object | 7 instruction: empty");
}

TEST(Instructions, ReportsEveryWrongRowOfJsonLinesWithItsLine) {
  EXPECT_EQ(summary(refusal("{\"instruction\": \"i\", \"response\": \"r\"}\n\n{\"instruction\": \"i\"}\n[]\n")),
            "3 response: missing | 4 a array instead of an object");
}

TEST(Instructions, NamesTheLineOfInvalidJson) {
  const auto list = refusal("[{\"instruction\": \"i\",\n \"response\" \"r\"}]");
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].line, 2);
  EXPECT_TRUE(list[0].problem.starts_with("invalid JSON: ")) << list[0].problem;
  EXPECT_EQ(refusal("{\"instruction\": \"i\", \"response\": \"r\"}\n{oops}\n").at(0).line, 2);
  EXPECT_EQ(refusal("[{\"instruction\": \"i\", \"response\": \"r\"},\n ").at(0).line, 2) << "cut off";
}

TEST(Instructions, NamesTheLineOfANumberThatNoDoubleHolds) {
  const std::string row = R"({"instruction": "i", "response": "r"})";
  const std::string huge = R"({"instruction": "i", "response": "r", "id": 1e999})";
  for (const auto& text : {"[" + row + ",\n" + huge + "]", row + "\n" + huge}) {
    const auto mistakes = refusal(text);
    ASSERT_EQ(mistakes.size(), 1u) << text;
    EXPECT_EQ(mistakes[0].line, 2) << text;
    EXPECT_EQ(mistakes[0].problem, "invalid JSON: number overflow parsing '1e999'");
  }
}

TEST(Instructions, RefusesAFileWithoutRows) {
  EXPECT_EQ(summary(refusal("[]")), "holds no rows");
  EXPECT_EQ(summary(refusal(" \n")), "holds no rows");
}

TEST(Instructions, RememberTheFileOfEachExample) {
  const auto folder = testing::scratch_folder();
  const std::vector files = {write(folder, "one.jsonl", "{\"instruction\": \"i\", \"response\": \"1\"}"),
                             write(folder, "two.json",
                                   "[{\"instruction\": \"i\", \"response\": \"2\"},"
                                   "{\"instruction\": \"i\", \"response\": \"3\"}]")};
  const auto all = read_instruction_files(files);
  EXPECT_EQ(all.sources, (std::vector<std::string>{"one", "two", "two"}));
  EXPECT_EQ(all.examples.at(2).answer, "3");
}

TEST(Instructions, OfTwoFilesWithOneNameStayTwoSources) {
  const auto folder = testing::scratch_folder();
  const auto row = R"({"instruction": "i", "response": "r"})";
  const std::vector files = {write(folder, "a/in.jsonl", row), write(folder, "b/in.jsonl", row)};
  EXPECT_EQ(read_instruction_files(files).sources, (std::vector<std::string>{"a/in.jsonl", "b/in.jsonl"}));
}

TEST(Instructions, ReportWhatIsWrongInAllFilesAtOnce) {
  const auto folder = testing::scratch_folder();
  const std::vector files = {write(folder, "one.jsonl", "{\"instruction\": \"i\"}"),
                             write(folder, "two.jsonl",
                                   R"({"instruction": "i", "response": "r"})"
                                   "\n[]")};
  EXPECT_EQ(summary(mistakes_of([&] { return read_instruction_files(files); })),
            "1 response: missing | 2 a array instead of an object");
}

}  // namespace
}  // namespace edgefuse::data
