import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  base: "/admin/",
  plugins: [react()],
  build: {
    // Older targets would have light-dark() rewritten, and the choice of a theme with it.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The Content Security Policy lets no file be a data address except images.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
  },
});
