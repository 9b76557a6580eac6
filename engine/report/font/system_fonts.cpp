#include "engine/report/font/system_fonts.h"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/report/font/truetype_font.h"

namespace sleight {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 14> font_names = {
    // Chinese, Japanese, Korean
    "NotoSansCJK-Regular.ttc", "DroidSansFallbackFull.ttf", "wqy-zenhei.ttc", "wqy-microhei.ttc",
    "NotoSansCJKsc-Regular.otf",
    // other scripts
    "NotoSansThai-Regular.ttf", "NotoSansDevanagari-Regular.ttf", "NotoSansBengali-Regular.ttf",
    "NotoSansTamil-Regular.ttf", "NotoSansTelugu-Regular.ttf", "NotoSansEthiopic-Regular.ttf", "FreeSans.ttf",
    "NotoSansSymbols2-Regular.ttf",
    // a bitmap font of nearly all characters
    "unifont.ttf"};

class FallbackFile {
 public:
  explicit FallbackFile(fs::path path) : path_(std::move(path)) {}

  // nullptr if the file is not a font.
  const Font* font() {
    std::call_once(opened_, [this] {
      try {
        file_.emplace(path_);
        font_.emplace(file_->bytes());
      } catch (const Error&) {
        font_.reset();
      }
    });
    return font_ ? &*font_ : nullptr;
  }

 private:
  fs::path path_;
  std::once_flag opened_;
  std::optional<MappedFile> file_;
  std::optional<TruetypeFont> font_;
};

class FontWithFallbacks : public Font {
 public:
  FontWithFallbacks(const Font& first, std::function<std::vector<fs::path>()> find_files)
      : first_(first), find_files_(std::move(find_files)) {}

  bool has(char32_t character) const override { return font_of(character).has(character); }
  LineMetrics metrics(double size) const override { return first_.metrics(size); }
  double advance(char32_t character, double size) const override { return font_of(character).advance(character, size); }
  double kerning(char32_t left, char32_t right, double size) const override {
    const Font& font = font_of(left);
    return &font == &font_of(right) ? font.kerning(left, right, size) : 0.0;
  }
  Glyph draw(char32_t character, double size, double shift) const override {
    return font_of(character).draw(character, size, shift);
  }

 private:
  const Font& font_of(char32_t character) const {
    if (first_.has(character)) return first_;
    std::call_once(searched_, [this] {
      for (fs::path& file : find_files_())
        files_.push_back(std::make_unique<FallbackFile>(std::move(file)));
    });
    for (const auto& file : files_) {
      const Font* font = file->font();
      if (font != nullptr && font->has(character)) return *font;
    }
    return first_;
  }

  const Font& first_;
  std::function<std::vector<fs::path>()> find_files_;
  mutable std::once_flag searched_;
  mutable std::vector<std::unique_ptr<FallbackFile>> files_;
};

}  // namespace

std::vector<fs::path> find_font_files(std::span<const fs::path> folders, std::span<const std::string_view> names) {
  std::map<std::string, fs::path, std::less<>> found;
  for (const fs::path& folder : folders) {
    std::error_code error;
    fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error))
      found.emplace(entry->path().filename().string(), entry->path());
  }
  std::vector<fs::path> files;
  for (const std::string_view name : names) {
    if (const auto file = found.find(name); file != found.end()) files.push_back(file->second);
  }
  return files;
}

std::vector<fs::path> system_font_folders() {
  std::vector<fs::path> folders;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    folders.push_back(fs::path(home) / ".local/share/fonts");
    folders.push_back(fs::path(home) / ".fonts");
  }
  folders.insert(folders.end(), {"/usr/local/share/fonts", "/usr/share/fonts"});
  return folders;
}

std::span<const std::string_view> system_font_names() {
  return font_names;
}

std::unique_ptr<Font> font_with_fallbacks(const Font& first, std::function<std::vector<fs::path>()> find_files) {
  return std::make_unique<FontWithFallbacks>(first, std::move(find_files));
}

}  // namespace sleight
