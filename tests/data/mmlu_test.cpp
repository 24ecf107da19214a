#include "data/mmlu.hpp"

#include <gtest/gtest.h>

#include "tests/support/input_file.hpp"

namespace edgefuse::data {
namespace {

using testing::mistakes_of;
using testing::summary;
using testing::write;

std::filesystem::path folder_with(std::string_view anatomy) {
  const auto folder = testing::scratch_folder();
  write(folder, "test/anatomy_test.csv", anatomy);
  return folder;
}

TEST(Mmlu, ReadsAQuestionAndAsksItInTheAuthorsPrompt) {
  const auto folder = testing::scratch_folder();
  write(folder, "val/world_religions_val.csv", "\"Who,\nwhere?\",x,\" y\",\"z \"\"z\"\"\",w,C\n");
  write(folder, "subject_categories.tsv",
        "subject\tsubcategory\tcategory\r\nworld_religions\tphilosophy\thumanities\r\n");
  const auto questions = read_mmlu(folder, MmluSplit::val, DomainLevel::subcategory);
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].id, "world_religions/val/0");
  EXPECT_EQ(questions[0].domain, "philosophy");
  EXPECT_EQ(questions[0].letter(), 'C');
  EXPECT_EQ(question_prompt(questions[0]),
            "The following are multiple choice questions (with answers) about world religions.\n\n"
            "Who,\nwhere?\nA. x\nB.  y\nC. z \"z\"\nD. w\nAnswer:");
  EXPECT_EQ(as_example(questions[0]).answer, " C");
}

TEST(Mmlu, ReportsEveryWrongRowWithItsLine) {
  const auto folder = folder_with("\"q\nq\",1,2,3,4,A\nq,1,2,3,A\n\nq,1,2,3,4,E\nq,1,,3,4,B\nq,1,2,3,4,b\n");
  const auto mistakes = mistakes_of([&] { return read_mmlu(folder, MmluSplit::test, DomainLevel::subject); });
  EXPECT_EQ(summary(mistakes), "3 5 fields instead of 6 | 5 answer \"E\" | 6 field 3 is empty | 7 answer \"b\"");
  EXPECT_EQ(mistakes.at(0).file, (folder / "test/anatomy_test.csv").string());
}

TEST(Mmlu, RefusesAFolderWithoutTheSplit) {
  const auto folder = folder_with("q,1,2,3,4,A\n");
  EXPECT_EQ(summary(mistakes_of([&] { return read_mmlu(folder, MmluSplit::dev, DomainLevel::subject); })),
            "no such folder");
  std::filesystem::create_directories(folder / "dev");
  EXPECT_EQ(summary(mistakes_of([&] { return read_mmlu(folder, MmluSplit::dev, DomainLevel::subject); })),
            "holds no file named SUBJECT_dev.csv");
}

TEST(Mmlu, RefusesASubjectWithoutACategory) {
  const auto folder = folder_with("q,1,2,3,4,A\n");
  write(folder, "subject_categories.tsv", "subject\tsubcategory\tcategory\nastronomy\tphysics\tSTEM\n");
  EXPECT_EQ(summary(mistakes_of([&] { return read_mmlu(folder, MmluSplit::test, DomainLevel::category); })),
            "anatomy: has no category");
  EXPECT_EQ(read_mmlu(folder, MmluSplit::test, DomainLevel::subject).at(0).domain, "anatomy");
}

TEST(Mmlu, RefusesATableWithoutTabs) {
  const auto folder = folder_with("q,1,2,3,4,A\n");
  write(folder, "subject_categories.tsv", "subject\tsubcategory\tcategory\nanatomy health other\n");
  EXPECT_EQ(summary(mistakes_of([&] { return read_mmlu(folder, MmluSplit::test, DomainLevel::category); })),
            "2 1 fields instead of 3");
}

TEST(Mmlu, SuggestsTheNearestSplitAndLevel) {
  EXPECT_EQ(mistakes_of([] { return parse_mmlu_split("tests"); }).at(0).remedy, "did you mean test?");
  EXPECT_EQ(mistakes_of([] { return parse_domain_level("subcategry"); }).at(0).remedy, "did you mean subcategory?");
  EXPECT_EQ(name_of(parse_mmlu_split("dev")), "dev");
  EXPECT_EQ(name_of(parse_domain_level("category")), "category");
}

}  // namespace
}  // namespace edgefuse::data
