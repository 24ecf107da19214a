#include "sim/csv.hpp"

#include <new>
#include <utility>

#include <csv.h>

#include "sim/error.hpp"

namespace edgefuse {
namespace {

int never_a_space(unsigned char) {
  return 0;
}  // by default libcsv trims fields

/// libcsv behind value semantics. It knows no line numbers, so the caller feeds it line by line and this class
/// remembers where each row began.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& origin) : origin_{origin} {
    if (csv_init(&parser_, 0) != 0) throw std::bad_alloc{};
    csv_set_space_func(&parser_, never_a_space);
  }
  ~Reader() { csv_free(&parser_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void feed(std::string_view line, int number) {
    const bool blank = line == "\n" || line == "\r\n";
    if (!inside_row_ && blank) return;
    if (!inside_row_) row_.line = number;
    inside_row_ = true;
    if (csv_parse(&parser_, line.data(), line.size(), on_field, on_row, this) != line.size()) throw std::bad_alloc{};
  }
  [[nodiscard]] std::vector<CsvRow> finish() {
    // Strict only now: a quote inside a field is a quote, but one that opens a field must close.
    csv_set_opts(&parser_, CSV_STRICT | CSV_STRICT_FINI);
    if (csv_fini(&parser_, on_field, on_row, this) != 0)
      throw InputError{{.file = origin_.string(),
                        .line = row_.line,
                        .problem = "a quote opens a field and never closes",
                        .remedy = "close it, and double the quotes inside the field"}};
    return std::move(rows_);
  }

 private:
  static void on_field(void* bytes, std::size_t size, void* self) {
    static_cast<Reader*>(self)->row_.fields.emplace_back(static_cast<const char*>(bytes), size);
  }
  static void on_row(int, void* self) {
    auto& reader = *static_cast<Reader*>(self);
    reader.rows_.push_back(std::exchange(reader.row_, {}));
    reader.inside_row_ = false;
  }

  csv_parser parser_{};
  const std::filesystem::path& origin_;
  CsvRow row_;
  std::vector<CsvRow> rows_;
  bool inside_row_ = false;
};

}  // namespace

std::vector<CsvRow> parse_csv(std::string_view text, const std::filesystem::path& origin) {
  Reader reader{origin};
  for (int number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n') == text.npos ? text.size() : text.find('\n') + 1);
    reader.feed(line, number);
    text.remove_prefix(line.size());
  }
  return reader.finish();
}

}  // namespace edgefuse
