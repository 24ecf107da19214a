#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>

namespace edgefuse::llm {

/// A row-major matrix in someone else's memory; rows may lie `stride` numbers apart, as in a column slice.
template <class T>
struct MatrixView {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;

  [[nodiscard]] T* row(std::int64_t i) const { return data + i * stride; }
  [[nodiscard]] MatrixView row_range(std::int64_t begin, std::int64_t end) const {
    return {data + begin * stride, end - begin, cols, stride};
  }
  [[nodiscard]] MatrixView columns(std::int64_t begin, std::int64_t count) const {
    return {data + begin, rows, count, stride};
  }
  operator MatrixView<const T>() const  // NOLINT(google-explicit-constructor): as T* converts to const T*
    requires(!std::is_const_v<T>)
  {
    return {data, rows, cols, stride};
  }
};

template <class T>
void clear(MatrixView<T> x) {
  for (std::int64_t i = 0; i < x.rows; ++i)
    std::fill_n(x.row(i), x.cols, T{0});
}

/// Memory for one matrix after another: it only ever grows, so that a training loop touches no fresh pages. Contents
/// are unspecified after `reshape`.
template <class T>
class Matrix {
 public:
  MatrixView<T> reshape(std::int64_t rows, std::int64_t cols) {
    const auto wanted = static_cast<std::size_t>(rows * cols);
    if (wanted > capacity_) {
      // First what there was: the two need never exist at once.
      memory_.reset();
      capacity_ = 0;
      memory_.reset(static_cast<T*>(::operator new(wanted * sizeof(T), alignment)));
      capacity_ = wanted;
    }
    rows_ = rows;
    cols_ = cols;
    return view();
  }
  [[nodiscard]] MatrixView<T> view() { return {memory_.get(), rows_, cols_, cols_}; }
  [[nodiscard]] MatrixView<const T> view() const { return {memory_.get(), rows_, cols_, cols_}; }
  [[nodiscard]] T* data() { return memory_.get(); }
  [[nodiscard]] const T* data() const { return memory_.get(); }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Release {
    void operator()(T* memory) const { ::operator delete(memory, alignment); }
  };

  std::unique_ptr<T, Release> memory_;
  std::size_t capacity_ = 0;
  std::int64_t rows_ = 0;
  std::int64_t cols_ = 0;
};

}  // namespace edgefuse::llm
